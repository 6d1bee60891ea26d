//! Numbers of as many bytes as they need: seven bits a byte, the lowest first; the top bit says that more follow.

/// Appends a number.
pub(crate) fn write(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Reads what [`write`] wrote, and moves `bytes` behind it; `None` for what is cut off or too long.
pub(crate) fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Small where a difference is small either way.
pub(crate) fn zigzag(difference: i64) -> u64 {
    (difference << 1 ^ difference >> 63) as u64
}

/// The difference of which [`zigzag`] made this.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_come_back() {
        for (difference, number) in
            [(0, 0), (-1, 1), (1, 2), (-2, 3), (i64::MAX, u64::MAX - 1), (i64::MIN, u64::MAX)]
        {
            assert_eq!((zigzag(difference), unzigzag(number)), (number, difference));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            let mut rest = &[&bytes[..], &[7]].concat()[..];
            assert_eq!(read(&mut rest), Some(value));
            assert_eq!(rest, [7]);
            assert_eq!(read(&mut &bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(read(&mut &[0xFF; 20][..]), None);
    }
}
