//! Tests of the audit on made tables and real files.
