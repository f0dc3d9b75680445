//! Transforms: reversible rearrangements of columns, relations among them
