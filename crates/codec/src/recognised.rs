//! Recognition: the layout of a file, from its schema or its format.
//!
//! In: a source and options. Out: a validated [`Layout`].
//! Not here: the formats themselves (`hepz-formats`).
//! Holds: a file that no format knows still has a layout: all skeleton.

use crate::{CompressError, CompressOptions};
use hepz_formats::{Layout, Source};

/// The layout that compressing starts from.
pub(crate) fn layout(source: &dyn Source, _options: &CompressOptions<'_>) -> Result<Layout, CompressError> {
    let found = hepz_formats::hdf5::layout(source).map_err(CompressError::Read)?;
    let mut layout = found.unwrap_or_else(Layout::opaque);
    layout.validate(source.len()).map_err(CompressError::Layout)?;
    Ok(layout)
}
