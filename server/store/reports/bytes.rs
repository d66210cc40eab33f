//! Whole numbers as bytes and back, little-endian. What is read may be damaged, and then says so.

/// Bytes that are not what they should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed part is damaged; `admx check` says more")]
pub struct Damaged;

/// A number that fits: a blob has less than 2^32 bytes.
pub(super) fn put_u32(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

/// Appends numbers: a width (0, 1, 2, 4 or 8 bytes), the least of them (i64), and each less that.
pub(super) fn put_numbers(values: &[i64], out: &mut Vec<u8>) {
    let least = values.iter().copied().min().unwrap_or_default();
    let most = values
        .iter()
        .map(|v| v.wrapping_sub(least) as u64)
        .max()
        .unwrap_or_default();
    let width = match most {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    out.push(width as u8);
    out.extend_from_slice(&least.to_le_bytes());
    for value in values {
        out.extend_from_slice(&value.wrapping_sub(least).to_le_bytes()[..width]);
    }
}

/// What is left of some bytes.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.take(N)?.try_into().map_err(|_| Damaged)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn numbers(&mut self, count: usize) -> Result<Numbers<'a>, Damaged> {
        let width = usize::from(self.take(1)?[0]);
        if !matches!(width, 0 | 1 | 2 | 4 | 8) {
            return Err(Damaged);
        }
        let least = i64::from_le_bytes(self.array()?);
        let bytes = self.take(width.checked_mul(count).ok_or(Damaged)?)?;
        Ok(Numbers {
            width,
            least,
            bytes,
            count,
        })
    }
}

/// A column of whole numbers.
pub(super) struct Numbers<'a> {
    width: usize,
    least: i64,
    bytes: &'a [u8],
    count: usize,
}

impl Numbers<'_> {
    /// The number at a place.
    pub(super) fn get(&self, at: usize) -> Result<i64, Damaged> {
        let from = at * self.width;
        let bytes = self.bytes.get(from..from + self.width).ok_or(Damaged)?;
        let mut wide = [0; 8];
        wide[..self.width].copy_from_slice(bytes);
        Ok(self.least.wrapping_add(i64::from_le_bytes(wide)))
    }

    /// Gives `each` the numbers in order, by a loop for each width, which the compiler makes fast.
    pub(super) fn each(&self, mut each: impl FnMut(i64)) {
        let least = self.least;
        match self.width {
            0 => (0..self.count).for_each(|_| each(least)),
            1 => self
                .bytes
                .iter()
                .for_each(|b| each(least.wrapping_add(i64::from(*b)))),
            2 => self.bytes.as_chunks().0.iter().for_each(|b| {
                each(least.wrapping_add(i64::from(u16::from_le_bytes(*b))));
            }),
            4 => self.bytes.as_chunks().0.iter().for_each(|b| {
                each(least.wrapping_add(i64::from(u32::from_le_bytes(*b))));
            }),
            _ => self.bytes.as_chunks().0.iter().for_each(|b| {
                each(least.wrapping_add(i64::from_le_bytes(*b)));
            }),
        }
    }

    pub(super) fn to_vec<T>(&self, make: impl Fn(i64) -> T) -> Vec<T> {
        let mut out = Vec::with_capacity(self.count);
        self.each(|number| out.push(make(number)));
        out
    }
}
