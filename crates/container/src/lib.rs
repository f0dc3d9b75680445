//! Container: sections, lengths, checksums, index, versions
