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
        fn of<const WIDTH: usize>(bytes: &[u8], at: usize) -> Result<[u8; WIDTH], Damaged> {
            bytes.as_chunks().0.get(at).copied().ok_or(Damaged)
        }
        let bytes = self.bytes;
        let more = match self.width {
            0 if at < self.count => 0,
            1 => i64::from(*bytes.get(at).ok_or(Damaged)?),
            2 => i64::from(u16::from_le_bytes(of(bytes, at)?)),
            4 => i64::from(u32::from_le_bytes(of(bytes, at)?)),
            8 => i64::from_le_bytes(of(bytes, at)?),
            _ => return Err(Damaged),
        };
        Ok(self.least.wrapping_add(more))
    }

    /// All of them, by a loop for each width that the compiler can do several numbers of at once.
    pub(super) fn to_vec<T: Clone>(&self, make: impl Fn(i64) -> T) -> Vec<T> {
        let least = self.least;
        let of = |more: i64| make(least.wrapping_add(more));
        let bytes = self.bytes;
        match self.width {
            0 => vec![make(least); self.count],
            1 => bytes.iter().map(|b| of(i64::from(*b))).collect(),
            2 => {
                let all = bytes.as_chunks().0.iter();
                all.map(|b| of(i64::from(u16::from_le_bytes(*b)))).collect()
            }
            4 => {
                let all = bytes.as_chunks().0.iter();
                all.map(|b| of(i64::from(u32::from_le_bytes(*b)))).collect()
            }
            _ => {
                let all = bytes.as_chunks().0.iter();
                all.map(|b| of(i64::from_le_bytes(*b))).collect()
            }
        }
    }
}
