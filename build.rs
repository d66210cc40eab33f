//! Makes everything the server embeds, by the build sheet `wasm-pack.toml`:
//!
//! - `pixel/` → WebAssembly, put as a Latin-1 string into the minified shim → `js/script.js`, `js/script.plus.js`
//! - `www/live/` → WebAssembly through wasm-bindgen, twice: what moves on our own pages → `assets/live_bg.wasm` and
//!   `assets/live_bg.js`, which `assets/live.js` calls; the overlay on a site's pages → `assets/debug_bg.wasm` and
//!   `assets/debug_bg.js`, which `js/debug.js` calls
//! - the files of `www/assets/` as they are
//!
//! each beside a brotli and a gzip of it, and
//!
//! - `pixel/npm/` → `js/admx.tgz`, as `npm install` takes it
//!
//! in `$OUT_DIR/embedded`. No tool beyond rustup's wasm target, and no network once
//! `cargo fetch` or a first build has fetched the crates.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use flate2::write::GzEncoder;
use oxc_span::SourceType;

#[path = "pixel/npm/pack.rs"]
mod npm;

/// `wasm-pack.toml`.
#[derive(serde::Deserialize)]
struct Sheet {
    script: BTreeMap<String, Script>,
    pixel: Pixel,
    npm: Npm,
    live: Live,
}

#[derive(serde::Deserialize)]
struct Script {
    features: Vec<String>,
    brotli: usize,
}

#[derive(serde::Deserialize)]
struct Pixel {
    package: String,
    profile: String,
    rustflags: Vec<String>,
    raw: usize,
    shim: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Npm {
    brotli: usize,
}

#[derive(serde::Deserialize)]
struct Live {
    package: String,
    profile: String,
    rustflags: Vec<String>,
    module: BTreeMap<String, Module>,
}

#[derive(serde::Deserialize)]
struct Module {
    features: Vec<String>,
    brotli: usize,
}

const TARGET: &str = "wasm32-unknown-unknown";

fn main() {
    for input in [
        "build.rs",
        "wasm-pack.toml",
        "Cargo.toml",
        "Cargo.lock",
        "pixel/Cargo.toml",
        "pixel/src",
        "pixel/shim",
        "pixel/npm",
        "LICENSE",
        "www/live",
        "www/assets",
    ] {
        println!("cargo::rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let sheet: Sheet =
        toml::from_str(&read("wasm-pack.toml")).expect("wasm-pack.toml is as build.rs reads it");
    ensure_target();

    let embedded = out.join("embedded");
    if embedded.exists() {
        fs::remove_dir_all(&embedded).expect("the build's own folder can be emptied");
    }
    for (name, script) in &sheet.script {
        let wasm = fs::read(wasm(
            &Wasm {
                package: &sheet.pixel.package,
                profile: &sheet.pixel.profile,
                features: &script.features,
                rustflags: &sheet.pixel.rustflags,
            },
            "pixel.wasm",
            &out,
        ))
        .expect("the pixel was built");
        within(
            &format!("the WebAssembly in {name}, raw"),
            wasm.len(),
            sheet.pixel.raw,
        );
        let plus = script.features.iter().any(|f| f == "plus");
        let packed = embed(
            &embedded,
            &format!("js/{name}"),
            pixel_script(&sheet.pixel.shim, plus, &wasm).as_bytes(),
        );
        within(&format!("{name}, brotli"), packed, script.brotli);
    }
    within(
        "pixel/npm/index.js minified, brotli",
        brotli(minified(&read("pixel/npm/index.js"), SourceType::mjs()).as_bytes()).len(),
        sheet.npm.brotli,
    );
    write(&embedded.join("js/admx.tgz"), &npm::tarball());
    for (name, module) in &sheet.live.module {
        let (js, wasm) = live(&sheet.live, name, &module.features, &out);
        let size = embed(
            &embedded,
            &format!("assets/{name}_bg.js"),
            minified(&js, SourceType::mjs()).as_bytes(),
        ) + embed(&embedded, &format!("assets/{name}_bg.wasm"), &wasm);
        within(&format!("{name}_bg, brotli"), size, module.brotli);
    }
    for (name, text) in [
        (
            "assets/live.js",
            "import { start } from \"./live_bg.js\";\nstart();\n",
        ),
        (
            "js/debug.js",
            "import { overlay } from \"../assets/debug_bg.js\";\noverlay();\n",
        ),
    ] {
        embed(&embedded, name, text.as_bytes());
    }
    for file in fs::read_dir("www/assets").expect("www/assets is there") {
        let file = file.expect("www/assets can be read").path();
        let name = file
            .file_name()
            .and_then(|n| n.to_str())
            .expect("assets have plain names");
        embed(
            &embedded,
            &format!("assets/{name}"),
            &fs::read(&file).expect("assets can be read"),
        );
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Fails the build when `size` is over the sheet's `budget`.
fn within(what: &str, size: usize, budget: usize) {
    assert!(
        size <= budget,
        "{what}: {size} bytes, and wasm-pack.toml allows {budget}"
    );
}

/// Installs the WebAssembly target with rustup where it is missing.
fn ensure_target() {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(&rustc)
        .args(["--print", "sysroot"])
        .output()
        .expect("rustc runs");
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return;
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    assert!(
        added.is_ok_and(|s| s.success()),
        "the pixel needs Rust's {TARGET} target; please run: rustup target add {TARGET}"
    );
}

struct Wasm<'a> {
    package: &'a str,
    profile: &'a str,
    features: &'a [String],
    rustflags: &'a [String],
}

/// Builds one package of the workspace for the browser and gives the file's path.
///
/// By a cargo of its own with a target folder of its own: sharing the outer one's folder would wait for the outer one's lock for ever,
/// and so would inheriting the variables that name it.
fn wasm(of: &Wasm, file: &str, out: &Path) -> PathBuf {
    let target = out.join("wasm").join(of.features.join("-"));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let ours = [
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_BUILD_JOBS",
            "CARGO_HTTP_CAINFO",
        ]
        .contains(&name.as_str())
            || name.starts_with("CARGO_REGISTR")
            || name.starts_with("CARGO_SOURCE");
        if !ours
            && (name.starts_with("CARGO")
                || name.starts_with("RUSTFLAGS")
                || name.starts_with("RUSTC_"))
        {
            cargo.env_remove(name);
        }
    }
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", of.rustflags.join("\x1f"))
        .args([
            "build",
            "--locked",
            "--lib",
            "--target",
            TARGET,
            "--package",
            of.package,
            "--profile",
            of.profile,
        ])
        .arg("--target-dir")
        .arg(&target);
    if !of.features.is_empty() {
        cargo.args([
            "--no-default-features",
            "--features",
            &of.features.join(","),
        ]);
    }
    let status = cargo.status().expect("cargo runs");
    assert!(
        status.success(),
        "{} doesn't build for {TARGET}",
        of.package
    );
    target.join(TARGET).join(of.profile).join(file)
}

/// The shim, minified, with the core inside.
fn pixel_script(files: &[String], plus: bool, wasm: &[u8]) -> String {
    let files: String = files
        .iter()
        .map(|name| read(&format!("pixel/shim/{name}.js")))
        .collect();
    // Whatever a page may lack or have broken before, it sees no exception of ours.
    let shim = format!(
        "((w, d, l, n) => {{ try {{\n{files}}} catch {{}} }})(window, document, location, navigator);"
    )
        .replace("PLUS", if plus { "true" } else { "false" });
    // The minifier sees a global of this name, so that it can't reckon with what will stand there.
    let script = minified(&shim, SourceType::script());
    assert_eq!(
        script.matches("WASM").count(),
        1,
        "the shim has one place for the core"
    );
    script.replacen("WASM", &latin1(wasm), 1)
}

fn minified(source: &str, kind: SourceType) -> String {
    use oxc_codegen::{Codegen, CodegenOptions};
    use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
    let allocator = oxc_allocator::Allocator::default();
    let parsed = oxc_parser::Parser::new(&allocator, source, kind).parse();
    assert!(
        parsed.diagnostics.is_empty(),
        "a script doesn't parse: {:?}",
        parsed.diagnostics
    );
    let mut program = parsed.program;
    let options = MinifierOptions {
        mangle: Some(MangleOptions::default()),
        compress: Some(CompressOptions::smallest()),
        ..Default::default()
    };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    Codegen::new()
        .with_options(CodegenOptions::minify())
        .with_scoping(minified.scoping)
        .build(&program)
        .code
}

/// `bytes` as a JavaScript string literal of the characters U+0000 to U+00FF, for a file served as UTF-8.
fn latin1(bytes: &[u8]) -> String {
    let mut literal = String::from("'");
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => literal.push_str("\\n"),
            b'\r' => literal.push_str("\\r"),
            b'\\' | b'\'' => literal.extend(['\\', char::from(*byte)]),
            0 if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => literal.push_str("\\x00"),
            0 => literal.push_str("\\0"),
            other => literal.push(char::from(*other)),
        }
    }
    literal.push('\'');
    literal
}

/// What moves, in Rust: a module that is ready once it is loaded, however many load it, and its WebAssembly.
fn live(of: &Live, name: &str, features: &[String], out: &Path) -> (String, Vec<u8>) {
    let built = wasm(
        &Wasm {
            package: &of.package,
            profile: &of.profile,
            features,
            rustflags: &of.rustflags,
        },
        "live.wasm",
        out,
    );
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(built)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(false);
    let made = out.join(name);
    bindgen
        .web(true)
        .and_then(|b| b.generate(&made))
        .expect("wasm-bindgen takes what it was made for");
    let js = fs::read_to_string(made.join(format!("{name}.js"))).expect("wasm-bindgen wrote it");
    let wasm = fs::read(made.join(format!("{name}_bg.wasm"))).expect("wasm-bindgen wrote it");
    (js + "\nawait __wbg_init();\n", wasm)
}

/// Writes a file to embed, and its brotli and gzip; gives the brotli's size.
fn embed(folder: &Path, name: &str, bytes: &[u8]) -> usize {
    let brotli = brotli(bytes);
    let mut gzip = gzip();
    gzip.write_all(bytes).expect("memory takes what is written");
    let gzip = gzip.finish().expect("memory takes what is written");
    write(&folder.join(name), bytes);
    write(&folder.join(format!("{name}.br")), &brotli);
    write(&folder.join(format!("{name}.gz")), &gzip);
    brotli.len()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params)
        .expect("memory takes what is written");
    packed
}

fn gzip() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), flate2::Compression::best())
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("names are inside of the folder"))
        .and_then(|()| fs::write(path, bytes))
        .expect("the build's own folder can be written");
}
