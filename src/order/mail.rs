//! Dates as mail and feeds write them (RFC 2822, section 3.3): `Sun, 22 Nov 2026 15:51:34 +0100`.

use super::{days_of, days_since_1970, offset, whole};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones with a name (section 4.3), in hours.
const ZONES: [(&str, i64); 12] = [
    ("UT", 0),
    ("GMT", 0),
    ("UTC", 0),
    ("Z", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// The moment in nanoseconds since 1970. The day of the week is not checked, seconds may be left out, years of two
/// digits are those of section 4.3.
pub(super) fn date(text: &str) -> Option<i128> {
    let text = match text.split_once(',') {
        Some((day, rest)) if day.len() == 3 && day.bytes().all(|byte| byte.is_ascii_alphabetic()) => rest,
        Some(_) => return None,
        None => text,
    };
    // a comment may name the zone once more
    let text = text.split_once('(').map_or(text, |(before, _)| before);
    let mut parts = text.split_ascii_whitespace();
    let day = parts.next().filter(|day| day.len() <= 2).and_then(whole)?;
    let name = parts.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| *month == name)? as i64 + 1;
    let year = parts.next()?;
    let year = match (year.len(), whole(year)?) {
        (2, year) => {
            if year < 50 {
                2000 + year
            } else {
                1900 + year
            }
        }
        (4, year) => year,
        _ => return None,
    };
    if !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let mut clock = parts.next()?.split(':').map(|part| whole(part).filter(|_| part.len() == 2));
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    if clock.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = parts.next()?;
    let offset = match zone.as_bytes()[0] {
        sign @ (b'+' | b'-') if zone.len() == 5 => offset(sign, &zone[1..])?,
        b'+' | b'-' => return None,
        _ => ZONES.iter().find(|(name, _)| zone.eq_ignore_ascii_case(name))?.1 * 60,
    };
    if parts.next().is_some() {
        return None;
    }
    let days = days_since_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    Some(i128::from(seconds) * 1_000_000_000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_of_mail() {
        let at = |text: &str| super::date(text).map(|nanoseconds| nanoseconds / 1_000_000_000);
        assert_eq!(at("Thu, 01 Jan 1970 00:00:00 +0000"), Some(0));
        assert_eq!(at("Sun, 22 Nov 2026 16:51:34 +0100"), Some(1_795_362_694));
        assert_eq!(at("22 Nov 2026 15:51 GMT"), Some(1_795_362_660));
        assert_eq!(at("Sun, 22 nov 26 10:51:34 EST"), Some(1_795_362_694));
        assert_eq!(at("Sun, 22 Nov 2026 15:51:34 +0000 (UTC)"), Some(1_795_362_694));
        assert_eq!(at("1 Mar 2000 00:00:00 -0000"), Some(951_868_800));
        for none in [
            "Sun, 31 Nov 2026 15:51:34 +0000",
            "Sunday, 22 Nov 2026 15:51:34 +0000",
            "22 Nov 2026",
            "22 Nov 2026 15:51:34",
            "22 Nov 2026 24:00:00 +0000",
            "22 Nov 2026 15:51:34 +0000 +0000",
            "22 Novembre 2026 15:51:34 +0000",
            "22 Nov 2026 15:51:34 +01é",
            "22 Nov 2026 15:51:34 +0é1",
            "22 Nov 2026 15:51:34 +0160",
            "22 Nov 2026 15:51:34 -2400",
            "22 Nov 2026 15:51:34 +01",
            "",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
