//! Writer of small RNTuples for tests.
//!
//! In: descriptions of fields, columns and pages. Out: a file whose first bytes are filler for the pages, and the
//! anchor.
//! Not here: compression, checksums (which the reader does not compute).
//! Holds: written by the specification and not by the reader.

/// Clusters (first entry, entries), and for each of them the page list of every column.
#[derive(Clone)]
pub struct Group {
    pub clusters: Vec<(u64, u64)>,
    pub columns: Vec<Vec<Vec<u8>>>,
}

pub struct Writer {
    pub fields: Vec<Vec<u8>>,
    pub columns: Vec<Vec<u8>>,
    pub late_fields: Vec<Vec<u8>>,
    pub late_columns: Vec<Vec<u8>>,
    pub groups: Vec<Group>,
    pub repeat_group: usize,
    pub filler_bytes: usize,
    pub features: u64,
    pub cluster_flags: u64,
    pub header_checksum_in_footer: u64,
}

const HEADER_CHECKSUM: u64 = 7;

impl Writer {
    /// Of these fields and columns; everything else is set afterwards.
    pub fn new(fields: Vec<Vec<u8>>, columns: Vec<Vec<u8>>) -> Writer {
        Writer {
            fields,
            columns,
            late_fields: Vec::new(),
            late_columns: Vec::new(),
            groups: Vec::new(),
            repeat_group: 1,
            filler_bytes: 1000,
            features: 0,
            cluster_flags: 0,
            header_checksum_in_footer: HEADER_CHECKSUM,
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn record(content: &[u8]) -> Vec<u8> {
    [&(content.len() as i64 + 8).to_le_bytes(), content].concat()
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let content = items.concat();
    let size = -(content.len() as i64 + 12);
    [&size.to_le_bytes()[..], &(items.len() as u32).to_le_bytes(), &content].concat()
}

pub fn field(parent: u32, role: u16, flags: u16, name: &str, type_name: &str, extra: &[u8]) -> Vec<u8> {
    let numbers = [&[0; 8][..], &parent.to_le_bytes(), &role.to_le_bytes(), &flags.to_le_bytes()].concat();
    record(
        &[&numbers, &text(name), &text(type_name), &text(""), &text(""), &extra.to_vec()]
            .map(Vec::as_slice)
            .concat(),
    )
}

pub fn column(kind: u16, bits: u16, field: u32, flags: u16, representation: u16, extra: &[u8]) -> Vec<u8> {
    let front = [kind.to_le_bytes(), bits.to_le_bytes()].concat();
    let back = [flags.to_le_bytes(), representation.to_le_bytes()].concat();
    record(&[&front[..], &field.to_le_bytes(), &back, extra].concat())
}

pub fn locator(at: u64, bytes: u32) -> Vec<u8> {
    [&bytes.to_le_bytes()[..], &at.to_le_bytes()].concat()
}

pub fn large_locator(at: u64, bytes: u64) -> Vec<u8> {
    let head: i32 = -(20 | 1 << 24);
    [&head.to_le_bytes()[..], &bytes.to_le_bytes(), &at.to_le_bytes()].concat()
}

/// An object in a store: twelve bytes that this reader passes over.
pub fn odd_locator() -> Vec<u8> {
    let head: i32 = -(16 | 2 << 24);
    [&head.to_le_bytes()[..], &[9; 12]].concat()
}

/// Negative numbers of elements announce a checksum.
pub fn page(elements: i32, locator: &[u8]) -> Vec<u8> {
    [&elements.to_le_bytes(), locator].concat()
}

/// The page list of one column in one cluster.
pub fn pages(pages: &[Vec<u8>], first_element: i64) -> Vec<u8> {
    let mut frame = list(pages);
    frame.extend(first_element.to_le_bytes());
    frame.extend(505u32.to_le_bytes());
    let size = -(frame.len() as i64);
    frame[..8].copy_from_slice(&size.to_le_bytes());
    frame
}

pub fn suppressed() -> Vec<u8> {
    let mut frame = pages(&[], i64::MIN);
    frame.truncate(20);
    frame[..8].copy_from_slice(&(-20i64).to_le_bytes());
    frame
}

fn envelope(kind: u64, content: &[u8], checksum: u64) -> Vec<u8> {
    let preamble = kind | (content.len() as u64 + 16) << 16;
    [&preamble.to_le_bytes()[..], content, &checksum.to_le_bytes()].concat()
}

fn schema(fields: &[Vec<u8>], columns: &[Vec<u8>]) -> Vec<u8> {
    [list(fields), list(columns), list(&[]), list(&[])].concat()
}

impl Writer {
    /// The file and the bytes of its anchor.
    pub fn file(&self) -> (Vec<u8>, Vec<u8>) {
        let mut file = vec![0xaa; self.filler_bytes];
        let mut put = |bytes: Vec<u8>| {
            let at = file.len() as u64;
            file.extend(&bytes);
            (at, bytes.len() as u64)
        };
        let texts = [text("events"), text(""), text("test")].concat();
        let features = self.features.to_le_bytes();
        let header = [&features[..], &texts, &schema(&self.fields, &self.columns)].concat();
        let header = put(envelope(1, &header, HEADER_CHECKSUM));
        let mut groups = Vec::new();
        for group in &self.groups {
            let summary = |&(first, entries): &(u64, u64)| {
                record(&[first, entries | self.cluster_flags << 56].map(u64::to_le_bytes).concat())
            };
            let summaries: Vec<_> = group.clusters.iter().map(summary).collect();
            let columns: Vec<_> = group.columns.iter().map(|columns| list(columns)).collect();
            let content = [&HEADER_CHECKSUM.to_le_bytes()[..], &list(&summaries), &list(&columns)].concat();
            let (at, bytes) = put(envelope(3, &content, 0));
            let link = [&bytes.to_le_bytes()[..], &locator(at, bytes as u32)].concat();
            let clusters = (group.clusters.len() as u32).to_le_bytes();
            let group = record(&[&[0; 16][..], &clusters, &link].concat());
            groups.extend(std::iter::repeat_n(group, self.repeat_group));
        }
        let extension = if self.late_fields.is_empty() && self.late_columns.is_empty() {
            record(&[])
        } else {
            record(&schema(&self.late_fields, &self.late_columns))
        };
        let checksum = self.header_checksum_in_footer.to_le_bytes();
        let footer = put(envelope(2, &[&[0; 8], &checksum[..], &extension, &list(&groups)].concat(), 0));
        let mut anchor = vec![0x40, 0, 0, 66, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0];
        for (at, bytes) in [header, footer] {
            anchor.extend([at, bytes, bytes].map(u64::to_be_bytes).concat());
        }
        anchor.extend([0; 16]);
        (file, anchor)
    }
}
