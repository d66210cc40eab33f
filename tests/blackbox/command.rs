//! The command line: results on standard output, one a line; everything else on standard error; exit codes 0, 1, 2.

use crate::server::{Server, run};

fn code(output: &std::process::Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn results_are_plain_lines() {
    let data = tempfile::tempdir().unwrap();
    let ok = |arguments: &[&str]| {
        let output = run(data.path(), arguments);
        assert_eq!(
            code(&output),
            0,
            "{arguments:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let site = ok(&[
        "site",
        "add",
        "Example.com",
        "--host",
        "shop.test",
        "--host",
        "pay.test",
    ]);
    assert!(site.starts_with("admx_") && site.ends_with('\n') && site.lines().count() == 1);
    assert_eq!(
        ok(&["site", "list"]),
        format!("{}\texample.com\tpay.test,shop.test\n", site.trim())
    );
    let key = ok(&[
        "key",
        "new",
        "--name",
        "my key",
        "--scope",
        "event:write",
        "--scope",
        "analytics:read",
    ]);
    assert!(key.starts_with("admx_sk_") && key.lines().count() == 1);
    assert_eq!(
        ok(&["key", "list"]),
        "1\tmy key\tevent:write,analytics:read\tgood\n"
    );
    assert_eq!(ok(&["key", "revoke", "1"]), "revoked 1\n");
    assert!(ok(&["key", "list"]).contains("\trevoked 20"));
    assert!(ok(&["user", "add", "A@example.com"]).starts_with("http://127.0.0.1:8080/login/"));
    assert!(ok(&["user", "add", "v@example.com"]).contains("/login/"));
    assert!(
        ok(&[
            "user",
            "link",
            "a@example.com",
            "--base-url",
            "https://s.test/"
        ])
        .starts_with("https://s.test/login/")
    );
    assert_eq!(
        ok(&["user", "list"]),
        "a@example.com\towner\thas no password\nv@example.com\tviewer\thas no password\n"
    );
    let last = run(data.path(), &["user", "remove", "a@example.com"]);
    assert_eq!(code(&last), 1, "the last owner");
    assert_eq!(
        ok(&["user", "remove", "v@example.com"]),
        "removed v@example.com\n"
    );
    assert_eq!(ok(&["workspace", "add", "Shop"]), "2\n");
    assert_eq!(ok(&["workspace", "list"]), "1\tMy workspace\n2\tShop\n");
    let shop = ok(&["site", "add", "shop.test", "--workspace", "Shop"]);
    assert_eq!(
        ok(&["site", "list", "--workspace", "2"]),
        format!("{}\tshop.test\n", shop.trim())
    );
    assert_eq!(ok(&["key", "list", "--workspace", "2"]), "");
}

#[test]
fn failures_are_1_and_wrong_usage_is_2() {
    let data = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["key", "revoke", "7"][..], 1),
        (&["site", "add", "https://example.com"], 1),
        (&["user", "add", "nobody"], 1),
        (&["user", "link", "nobody@example.com"], 1),
        (&["user", "remove", "nobody@example.com"], 1),
        (&["user", "add", "a@example.com", "--role", "viewer"], 1),
        (&["user", "add", "a@example.com", "--role", "god"], 2),
        (&["site", "list", "--workspace", "nowhere"], 1),
        (&["workspace", "add", " "], 1),
        (&["serve", "--listen", "192.0.2.1:1"], 1),
        (&["key", "new", "--name", "x"], 2),
        (&["key", "new", "--name", "x", "--scope", "everything"], 2),
        (&["site", "add"], 2),
        (&["nonsense"], 2),
        (&["--listen", "127.0.0.1:0", "serve"], 2),
        (&["serve", "--base-url", "ftp://x"], 2),
        (&["serve", "--storage-limit", "3000"], 2),
        (&["serve", "--connections", "0"], 2),
        (&["serve", "--in-flight", "65536"], 2),
        (&["serve", "--metrics", "friends"], 2),
        (&["serve", "--log-format", "xml"], 2),
        (&["site", "add", "*.example.com"], 1),
        (&["user", "add", "@"], 1),
        (&["serve", "--listen", "nowhere"], 2),
        (&["serve", "--clock", "noon"], 2),
    ] {
        let output = run(data.path(), arguments);
        assert_eq!(code(&output), expected, "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
}

#[test]
fn help_says_every_flag_and_its_variable() {
    let data = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["serve", "--help"]] {
        let output = run(data.path(), arguments);
        let help = String::from_utf8(output.stdout).unwrap();
        for word in [
            "--listen",
            "ADMX_LISTEN",
            "--data",
            "ADMX_DATA",
            "--base-url",
            "ADMX_BASE_URL",
            "--trusted-proxy",
            "ADMX_TRUSTED_PROXY",
            "ADMX_CONNECTIONS",
            "ADMX_IN_FLIGHT",
            "ADMX_STREAMS",
            "ADMX_STREAMS_ADDRESS",
            "ADMX_WRITE_TIMEOUT",
            "ADMX_METRICS",
            "ADMX_LOG_FORMAT",
            "--clock",
        ] {
            assert!(help.contains(word), "{arguments:?} lacks {word}");
        }
    }
}

#[test]
fn a_result_that_nobody_gets_is_a_failure() {
    let data = tempfile::tempdir().unwrap();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_admx"));
    command
        .args(["site", "add", "a.test", "--data"])
        .arg(data.path())
        .stdout(full);
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}

#[test]
fn serves_variables_are_serves_alone() {
    let data = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_admx"));
    command
        .args(["site", "list", "--data"])
        .arg(data.path())
        .env("ADMX_LISTEN", "nonsense");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new/data");
    assert_eq!(code(&run(&data, &["site", "list"])), 0);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    let file = std::fs::metadata(data.join("accounts.db"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&file) & 0o777,
        0o600
    );
}

#[test]
fn commands_work_beside_a_running_server_at_once() {
    let server = Server::start();
    let site = server.add_site("late.test");
    let key = server.new_key();
    let body = format!(r#"{{"website_id":"{site}","name":"x"}}"#);
    assert_eq!(
        server
            .post(&[("origin", "https://late.test")], &body)
            .status,
        200
    );
    assert_eq!(server.post_with_key(&key, &body).status, 200);
    server.run(&["key", "revoke", "1"]);
    assert_eq!(server.post_with_key(&key, &body).code(), "api_key_revoked");
}
