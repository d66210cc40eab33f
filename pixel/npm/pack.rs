//! Part of `build.rs`: packs this folder as `npm install` takes it.

use std::env;

use flate2::write::GzEncoder;

/// The package for apps with a bundler: the same bytes for the same sources.
pub fn tarball() -> Vec<u8> {
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets CARGO_PKG_VERSION");
    let about = super::read("pixel/npm/package.json");
    assert_eq!(
        about.matches("0.0.0").count(),
        1,
        "package.json has one place for the version"
    );
    let mut package = tar::Builder::new(super::gzip());
    for (name, text) in [
        ("package.json", about.replace("0.0.0", &version)),
        ("index.js", super::read("pixel/npm/index.js")),
        ("index.d.ts", super::read("pixel/npm/index.d.ts")),
        ("README.md", super::read("pixel/npm/README.md")),
        ("LICENSE", super::read("LICENSE")),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // The time that npm itself gives every file.
        header.set_mtime(499_162_500);
        package
            .append_data(&mut header, format!("package/{name}"), text.as_bytes())
            .expect("memory takes what is written");
    }
    package
        .into_inner()
        .and_then(GzEncoder::finish)
        .expect("memory takes what is written")
}
