//! The country an address is in, from a file in MaxMind's format that the operator brings: GeoLite2 (Country or City),
//! DB-IP Lite and IP2Location LITE all keep it as `country.iso_code`. Nothing else of a record is used.
//!
//! The file is read once and condensed into the ranges where the country changes; then it is let go, so replacing or
//! removing it changes nothing until the next start. Measured with GeoLite2 files (one core): Country (9.2 MiB) opens
//! in 0.08 s and stays as 5.3 MiB, City (63 MiB) in 0.6 s and stays as 5.2 MiB; a look-up takes 60 ns. Tried before:
//! the Country file in memory (9.2 MiB, 174 ns a look-up), and the City file mapped (0.3 MiB when opened, 46 MiB once a
//! million addresses were looked up, 412 ns with the page faults). A map of the operator's own file would also end the
//! server with SIGBUS when somebody shortens it in place, as `cp` over it does.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs,
    net::IpAddr,
    path::Path,
};

use anyhow::{Context, Result, anyhow, ensure};
use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions};

/// Where all the layouts keep the country.
const COUNTRY: [PathElement<'static>; 2] =
    [PathElement::Key("country"), PathElement::Key("iso_code")];

/// An ISO 3166-1 alpha-2 code in upper case.
type Code = [u8; 2];

/// Knows which country an address is in.
pub struct Places {
    v4: Ranges<u32>,
    /// By the first half of the address: nobody is given less than a /64. (Both GeoLite2 files hold 46 smaller
    /// networks, countries or not.)
    v6: Ranges<u64>,
}

impl Places {
    /// Reads a file in MaxMind's format. While this lasts it takes the memory of the whole file and some more: at its
    /// height 17 MiB with GeoLite2 Country, 80 MiB with City.
    ///
    /// # Errors
    ///
    /// Names the file, and says whether it can't be read, is of another format, is damaged, or has no countries.
    pub fn open(path: &Path) -> Result<Places> {
        let shown = path.display();
        let bytes = fs::read(path).with_context(|| format!("can't read the place file {shown}"))?;
        let reader = Reader::from_source(bytes).with_context(|| {
            format!("{shown} is no place file: a file in MaxMind's format (.mmdb) is wanted")
        })?;
        let places = Places::condensed(&reader)
            .with_context(|| format!("the place file {shown} is damaged: get it anew"))?;
        ensure!(
            places.v4.any() || places.v6.any(),
            "the place file {shown} has no countries: it is of the kind {:?}, and one of countries or cities is wanted",
            reader.metadata().database_type
        );
        Ok(places)
    }

    fn condensed(reader: &Reader<Vec<u8>>) -> Result<Places> {
        let (mut v4, mut v6) = (Ranges::new(), Ranges::new());
        // Many networks share a record: in GeoLite2 City 6 million networks have 343 thousand of them.
        let mut codes = HashMap::new();
        // A tree of n nodes ends in n + 1 networks. A damaged one, its branches grown together, never ends.
        let mut left = u64::from(reader.metadata().node_count) + 1;
        for found in reader.networks(WithinOptions::default().include_networks_without_data())? {
            left = left
                .checked_sub(1)
                .ok_or_else(|| anyhow!("there are more networks than the tree has room for"))?;
            let found = found?;
            let network = found.network()?;
            let code = match found.offset() {
                None => NOWHERE,
                Some(record) => match codes.entry(record) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(unknown) => *unknown.insert(code(&found)?),
                },
            };
            match (network.ip(), network.broadcast()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    v4.push(first.to_bits(), last.to_bits().checked_add(1), code)
                }
                (first, last) => {
                    let (first, last) = (upper_half(first), upper_half(last));
                    v6.push(first, last.checked_add(1), code);
                }
            }
        }
        Ok(Places {
            v4: v4.finished(),
            v6: v6.finished(),
        })
    }

    /// The ISO 3166-1 alpha-2 code, in upper case, of the country that an address is in. None where the file doesn't
    /// say: private addresses, IPv6 in a file of IPv4 alone, the codes that stand for nowhere (`ZZ`, `-`).
    pub fn country(&self, address: IpAddr) -> Option<Code> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.at(address.to_bits()),
            IpAddr::V6(_) => self.v6.at(upper_half(address)),
        }
    }
}

/// Stands for no country.
const NOWHERE: Code = [0; 2];

/// Where the country changes: a code holds from its first address to the next one's.
struct Ranges<N> {
    firsts: Vec<N>,
    codes: Vec<Code>,
    /// What lies behind the last network, unless that is the last of all.
    end: Option<N>,
}

impl<N: Copy + Ord> Ranges<N> {
    fn new() -> Ranges<N> {
        Ranges {
            firsts: Vec::new(),
            codes: Vec::new(),
            end: None,
        }
    }

    /// Adds the next network. Between two there may be addresses that the file leaves out (the IPv6 ones that lead back
    /// to IPv4); they are nowhere.
    fn push(&mut self, first: N, end: Option<N>, code: Code) {
        if let Some(gap) = self.end
            && gap < first
        {
            self.change(gap, NOWHERE);
        }
        self.change(first, code);
        self.end = end;
    }

    fn change(&mut self, first: N, code: Code) {
        match (self.firsts.last(), self.codes.last_mut()) {
            // Networks smaller than what is told apart here: the first with a country stands for all of them.
            (Some(last), Some(last_code)) if *last == first => {
                if *last_code == NOWHERE {
                    *last_code = code;
                }
            }
            (_, Some(last_code)) if *last_code == code => {}
            _ => {
                self.firsts.push(first);
                self.codes.push(code);
            }
        }
    }

    fn finished(mut self) -> Ranges<N> {
        if let Some(end) = self.end {
            self.change(end, NOWHERE);
        }
        self.firsts.shrink_to_fit();
        self.codes.shrink_to_fit();
        self
    }

    fn any(&self) -> bool {
        self.codes.iter().any(|code| *code != NOWHERE)
    }

    fn at(&self, address: N) -> Option<Code> {
        let index = self
            .firsts
            .partition_point(|first| *first <= address)
            .checked_sub(1)?;
        self.codes
            .get(index)
            .copied()
            .filter(|code| *code != NOWHERE)
    }
}

fn upper_half(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(_) => 0,
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

/// The country of a network. A record of another layout has none; one that can't be read at all is an error.
fn code(found: &LookupResult<'_, Vec<u8>>) -> Result<Code, MaxMindDbError> {
    let code = match found.decode_path::<&str>(&COUNTRY) {
        Ok(code) => code.unwrap_or_default(),
        Err(MaxMindDbError::Decoding { .. }) => "",
        Err(error) => return Err(error),
    };
    Ok(match *code.as_bytes() {
        [first, second] if code.bytes().all(|letter| letter.is_ascii_alphabetic()) => {
            match [first, second].map(|letter| letter.to_ascii_uppercase()) {
                [b'Z', b'Z'] => NOWHERE,
                code => code,
            }
        }
        _ => NOWHERE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A value of a record.
    enum Value {
        Text(&'static str),
        Map(Vec<(&'static str, Value)>),
        List,
        Short(u16),
        Number(u32),
        Long(u64),
    }
    use Value::{List, Long, Map, Number, Short, Text};

    impl Value {
        /// Appends the value as the format's description has it (<https://maxmind.github.io/MaxMind-DB/>): a byte of
        /// kind (the upper three bits) and size (the lower five; 29 means that a byte with the rest follows).
        fn write(&self, to: &mut Vec<u8>) {
            match self {
                Text(text) => {
                    match u8::try_from(text.len()).unwrap() {
                        short @ ..29 => to.push(2 << 5 | short),
                        long => to.extend([2 << 5 | 29, long - 29]),
                    }
                    to.extend(text.as_bytes());
                }
                Map(pairs) => {
                    to.push(7 << 5 | u8::try_from(pairs.len()).unwrap());
                    for (key, value) in pairs {
                        Text(key).write(to);
                        value.write(to);
                    }
                }
                Short(number) => {
                    to.push(5 << 5 | 2);
                    to.extend(number.to_be_bytes());
                }
                Number(number) => {
                    to.push(6 << 5 | 4);
                    to.extend(number.to_be_bytes());
                }
                // A kind past the seventh is written as 0, and then how far past it is. The list is always empty.
                List => to.extend([0, 11 - 7]),
                Long(number) => {
                    to.extend([8, 9 - 7]);
                    to.extend(number.to_be_bytes());
                }
            }
        }
    }

    /// What a record holds that leads to no network, and what is added to one that leads to data.
    const NOTHING: u32 = u32::MAX;
    const DATA: u32 = 1 << 31;

    /// A file in MaxMind's format, its records of 32 bits. `ip_version` is 4 or 6; IPv4 lies under `::/96` in the
    /// latter.
    fn file(kind: &'static str, ip_version: u16, networks: Vec<(&str, Value)>) -> Vec<u8> {
        let mut nodes = vec![[NOTHING; 2]];
        let mut data = Vec::new();
        for (network, value) in networks {
            let (address, length) = network.split_once('/').unwrap();
            let length = length.parse::<usize>().unwrap();
            let (bits, length) = match (address.parse().unwrap(), ip_version) {
                (IpAddr::V4(address), 4) => (u128::from(address.to_bits()) << 96, length),
                (IpAddr::V4(address), _) => (u128::from(address.to_bits()), length + 96),
                (IpAddr::V6(address), _) => (address.to_bits(), length),
            };
            let mut node = 0;
            for depth in 0..length {
                let side = usize::from(bits >> (127 - depth) & 1 == 1);
                if depth + 1 == length {
                    nodes[node][side] = DATA | u32::try_from(data.len()).unwrap();
                } else if nodes[node][side] == NOTHING {
                    nodes[node][side] = u32::try_from(nodes.len()).unwrap();
                    node = nodes.len();
                    nodes.push([NOTHING; 2]);
                } else {
                    node = nodes[node][side] as usize;
                }
            }
            value.write(&mut data);
        }
        sealed(kind, ip_version, nodes, &data)
    }

    fn sealed(kind: &'static str, ip_version: u16, nodes: Vec<[u32; 2]>, data: &[u8]) -> Vec<u8> {
        let count = u32::try_from(nodes.len()).unwrap();
        let mut file = Vec::new();
        for record in nodes.into_iter().flatten() {
            let record = match record {
                NOTHING => count,
                data if data & DATA != 0 => count + 16 + (data ^ DATA),
                node => node,
            };
            file.extend(record.to_be_bytes());
        }
        file.extend([0; 16]);
        file.extend(data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        Map(vec![
            ("binary_format_major_version", Short(2)),
            ("binary_format_minor_version", Short(0)),
            ("build_epoch", Long(1_700_000_000)),
            ("database_type", Text(kind)),
            ("description", Map(vec![])),
            ("languages", List),
            ("ip_version", Short(ip_version)),
            ("node_count", Number(count)),
            ("record_size", Short(32)),
        ])
        .write(&mut file);
        file
    }

    fn country(code: &'static str) -> Value {
        Map(vec![("country", Map(vec![("iso_code", Text(code))]))])
    }

    /// Countries as each provider lays them out.
    fn world() -> Vec<u8> {
        file(
            "GeoLite2-City",
            6,
            vec![
                (
                    "81.2.69.0/24",
                    Map(vec![
                        (
                            "city",
                            Map(vec![("names", Map(vec![("en", Text("London"))]))]),
                        ),
                        ("continent", Map(vec![("code", Text("EU"))])),
                        (
                            "country",
                            Map(vec![
                                ("geoname_id", Number(2_635_167)),
                                ("iso_code", Text("GB")),
                            ]),
                        ),
                        ("registered_country", Map(vec![("iso_code", Text("US"))])),
                    ]),
                ),
                ("192.0.2.0/25", country("de")),
                ("192.0.2.128/25", country("ZZ")),
                ("198.51.100.0/25", country("-")),
                ("198.51.100.128/25", country("DEU")),
                (
                    "203.0.113.0/24",
                    Map(vec![("continent", Map(vec![("code", Text("EU"))]))]),
                ),
                ("203.0.112.0/24", Map(vec![("country", Text("FR"))])),
                ("255.255.255.255/32", country("AQ")),
                ("2001:db8::/32", country("NO")),
                ("2001:dc0:0:1::1/128", country("SE")),
            ],
        )
    }

    /// The folder goes before the first look-up, as a file does that is replaced under a running server.
    fn open(file: &[u8]) -> Result<Places> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.mmdb");
        fs::write(&path, file).unwrap();
        Places::open(&path)
    }

    #[test]
    fn an_address_is_in_the_country_that_the_file_says() {
        let places = open(&world()).unwrap();
        for (address, expected) in [
            ("81.2.68.255", None),
            ("81.2.69.0", Some("GB")),
            ("81.2.69.255", Some("GB")),
            ("81.2.70.0", None),
            ("::ffff:81.2.69.142", Some("GB")),
            ("::81.2.69.142", None),
            ("192.0.2.1", Some("DE")),
            ("192.0.2.200", None),
            ("198.51.100.1", None),
            ("198.51.100.200", None),
            ("203.0.113.1", None),
            ("203.0.112.1", None),
            ("255.255.255.255", Some("AQ")),
            ("2001:db8::1", Some("NO")),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("NO")),
            ("2001:db9::1", None),
            ("2001:dc0:0:1::2", Some("SE")),
            ("2001:dc0:0:2::2", None),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
            ("10.0.0.1", None),
            ("192.168.1.1", None),
            ("127.0.0.1", None),
            ("0.0.0.0", None),
            ("::", None),
            ("::1", None),
            ("fe80::1", None),
            ("fd00::1", None),
        ] {
            let found = places.country(address.parse().unwrap());
            assert_eq!(
                found.as_ref().map(|code| str::from_utf8(code).unwrap()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn a_file_of_ipv4_alone_knows_no_ipv6() {
        let places = open(&file(
            "DBIP-Country-Lite",
            4,
            vec![("1.0.0.0/24", country("AU"))],
        ))
        .unwrap();
        for (address, expected) in [
            ("1.0.0.1", Some(*b"AU")),
            ("::ffff:1.0.0.1", Some(*b"AU")),
            ("2.0.0.1", None),
            ("2001:db8::1", None),
        ] {
            assert_eq!(
                places.country(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn a_file_that_wont_do_is_refused_by_name() {
        let providers = file(
            "GeoLite2-ASN",
            4,
            vec![(
                "1.0.0.0/24",
                Map(vec![("autonomous_system_number", Number(1))]),
            )],
        );
        // Thirty-two branchings, both sides of each the next: 2^32 networks.
        let endless = sealed(
            "GeoLite2-Country",
            4,
            (1..=32).map(|next| [next; 2]).collect(),
            b"",
        );
        for (file, expected) in [
            (&endless[..], "place.mmdb is damaged: get it anew"),
            (
                b"",
                "place.mmdb is no place file: a file in MaxMind's format (.mmdb) is wanted",
            ),
            (
                b"address,country\n1.0.0.1,AU\n",
                "place.mmdb is no place file: a file in MaxMind's format (.mmdb) is wanted",
            ),
            (
                &providers,
                "place.mmdb has no countries: it is of the kind \"GeoLite2-ASN\", and one of countries or cities is wanted",
            ),
        ] {
            let refusal = open(file).err().unwrap().to_string();
            assert!(refusal.ends_with(expected), "{refusal}");
        }
        let missing = Places::open(Path::new("/nowhere/place.mmdb"))
            .err()
            .unwrap();
        assert_eq!(
            format!("{missing:#}"),
            "can't read the place file /nowhere/place.mmdb: No such file or directory (os error 2)"
        );
    }

    proptest! {
        #[test]
        fn a_damaged_file_neither_panics_nor_makes_up_countries(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            length in any::<prop::sample::Index>(),
            cut in any::<bool>(),
            address in any::<u128>(),
        ) {
            let mut file = world();
            for (at, byte) in damage {
                let at = at.index(file.len());
                file[at] = byte;
            }
            if cut {
                file.truncate(length.index(file.len()));
            }
            if let Ok(places) = open(&file) {
                for address in [IpAddr::from(address.to_be_bytes()), [81, 2, 69, 1].into()] {
                    let code = places.country(address);
                    prop_assert!(code.is_none_or(|code| code.iter().all(u8::is_ascii_uppercase)));
                }
            }
        }
    }
}
