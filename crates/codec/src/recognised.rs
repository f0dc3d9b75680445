//! Recognition: the layout of a file, from its schema or its format.
//!
//! In: a source and options. Out: a validated [`Layout`].
//! Not here: the formats themselves (`hepz-formats`).
//! Holds: a file that no format knows still has a layout: all skeleton.

use crate::{CompressError, CompressOptions};
use hepz_formats::{Layout, Source, records};

/// The layout that compressing starts from.
pub(crate) fn layout(source: &dyn Source, options: &CompressOptions<'_>) -> Result<Layout, CompressError> {
    let mut layout = match &options.records {
        Some((schema, arrangement)) => records::layout(source, schema, *arrangement),
        None => hepz_formats::recognise(source).map_err(CompressError::Read)?,
    };
    layout.validate(source.len()).map_err(CompressError::Layout)?;
    Ok(layout)
}
