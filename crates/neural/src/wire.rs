//! The stored form of a network: three columns of integers, written and read in one order.
//!
//! In: numbers of a network, by width. Out: [`Numbers`], and back with checks.
//! Not here: how columns are compressed and framed (`hepz`).
//! Holds: nothing is allocated that is not there; a network is read with exactly the numbers that it was written
//! with.

/// Why a stored network cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The numbers end too early.
    #[error("the network is cut")]
    Truncated,
    /// No writer writes this.
    #[error("{0}")]
    Invalid(&'static str),
}

/// The numbers of networks, by width: 8 bits for weights, 16 for tables, 32 for sizes, scales and biases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Of 8 bits.
    pub small: Vec<i8>,
    /// Of 16 bits.
    pub medium: Vec<i16>,
    /// Of 32 bits.
    pub wide: Vec<i32>,
}

impl Numbers {
    /// Appends a size.
    pub fn size(&mut self, size: usize) {
        self.wide.push(size as i32);
    }

    /// From the first.
    pub fn reader(&self) -> Reader<'_> {
        Reader { small: &self.small, medium: &self.medium, wide: &self.wide }
    }
}

/// Reads numbers in the order in which they were written.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    small: &'a [i8],
    medium: &'a [i16],
    wide: &'a [i32],
}

fn take<'a, T>(from: &mut &'a [T], n: usize) -> Result<&'a [T], WireError> {
    let (taken, left) = from.split_at_checked(n).ok_or(WireError::Truncated)?;
    *from = left;
    Ok(taken)
}

impl<'a> Reader<'a> {
    /// The next `n` numbers of 8 bits.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if there are fewer; so in all that follow.
    pub fn small(&mut self, n: usize) -> Result<&'a [i8], WireError> {
        take(&mut self.small, n)
    }

    /// The next `n` numbers of 16 bits.
    ///
    /// # Errors
    /// As [`Reader::small`].
    pub fn medium(&mut self, n: usize) -> Result<&'a [i16], WireError> {
        take(&mut self.medium, n)
    }

    /// The next `n` numbers of 32 bits.
    ///
    /// # Errors
    /// As [`Reader::small`].
    pub fn wide(&mut self, n: usize) -> Result<&'a [i32], WireError> {
        take(&mut self.wide, n)
    }

    /// A size of at most `most`.
    ///
    /// # Errors
    /// As [`Reader::small`], and [`WireError::Invalid`] if it is negative or larger.
    pub fn size(&mut self, most: usize) -> Result<usize, WireError> {
        match usize::try_from(self.wide(1)?[0]) {
            Ok(size) if size <= most => Ok(size),
            _ => Err(WireError::Invalid("a size that no network has")),
        }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// [`WireError::Invalid`] if something is.
    pub fn finish(self) -> Result<(), WireError> {
        if self.small.is_empty() && self.medium.is_empty() && self.wide.is_empty() {
            Ok(())
        } else {
            Err(WireError::Invalid("numbers behind the network"))
        }
    }
}
