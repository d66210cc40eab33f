//! The docs' files for servers, with the real nginx, Caddy, systemd, cron line and worker: see the table in `docs`.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::docs::{Running, free_port, run, sample};
use crate::server::{ORIGIN, set_up, wait_for};

/// nginx with a configuration's `http` part, in the foreground.
pub fn nginx(folder: &Path, http: &str) -> std::path::PathBuf {
    let whole = format!(
        "daemon off; pid {0}/pid; error_log {0}/error.log; events {{}} http {{ access_log off; client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c; scgi_temp_path {0}/d; uwsgi_temp_path {0}/e;\n{http}\n}}",
        folder.display()
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, whole).unwrap();
    path
}

#[test]
fn the_worker_passes_script_and_events_on() {
    let (server, site, key) = set_up(&["--trusted-proxy", "127.0.0.1"]);
    let folder = tempfile::tempdir().unwrap();
    let worker = sample(&server, "proxy", "worker");
    std::fs::write(folder.path().join("worker.mjs"), worker).unwrap();
    let body = json!({ "website_id": site, "name": "Trial", "anonymous_id": "v", "url": "https://example.com/" });
    // Node's `fetch` wants to be told that a body is a stream; Cloudflare's doesn't.
    let test = format!(
        r#"import worker from "./worker.mjs";
const Plain = Request;
globalThis.Request = class extends Plain {{ constructor(to, from) {{ super(to, from instanceof Plain && from.body ? {{ method: from.method, headers: from.headers, body: from.body, duplex: "half" }} : from); }} }};
const headers = {{ origin: "https://example.com", "user-agent": "{}", "cf-connecting-ip": "192.0.2.7" }};
const ask = (path, init) => worker.fetch(new Request("https://example.com" + path, init));
const script = await ask("/stats/script.js", {{ headers }});
const event = await ask("/stats/event", {{ method: "POST", headers, body: {:?}, duplex: "half" }});
const other = await ask("/stats/other", {{ headers }});
console.log(script.status, (await script.text()).length > 5000, event.status, other.status);"#,
        crate::server::AGENT,
        body.to_string(),
    );
    std::fs::write(folder.path().join("test.mjs"), test).unwrap();
    let said = run(folder.path(), "node", &["test.mjs"], &[]);
    assert_eq!(said.trim(), "200 true 200 404");
    assert_eq!(server.events(&key, &site)[0]["name"], "Trial");
}

#[test]
fn files_for_hosts_are_taken_by_what_reads_them() {
    let (server, site, key) = set_up(&["--trusted-proxy", "127.0.0.1"]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display().to_string();
    let binary = env!("CARGO_BIN_EXE_admx");

    let unit = sample(&server, "host", "unit").replace("/usr/local/bin/admx", binary);
    std::fs::write(folder.path().join("admx.service"), unit).unwrap();
    let said = Command::new("systemd-analyze")
        .args(["verify", "--man=no", &format!("{here}/admx.service")])
        .output()
        .expect("systemd-analyze, which tests/run installs");
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(!words.contains("admx.service"), "{words}");

    // The night's backup, as cron gives it to a shell: after five fields, with a backslash before each per cent taken off.
    let cron = sample(&server, "host", "cron");
    let command = cron.splitn(6, ' ').nth(5).unwrap().replace("\\%", "%");
    let command = command
        .replace("admx backup", &format!("{binary} backup"))
        .replace("/var/lib/admx", &server.data.path().display().to_string())
        .replace("/var/backups", &here);
    run(folder.path(), "sh", &["-c", &command], &[]);
    let day = jiff::Zoned::now().strftime("admx-%Y-%m-%d").to_string();
    assert!(folder.path().join(day).exists());

    // A reverse proxy with a certificate of its own making, in front of the server.
    let (secure, port) = (free_port(), server.port.to_string());
    run(
        folder.path(),
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=stats.example.com",
        ],
        &[],
    );
    let conf = sample(&server, "host", "nginx")
        .replace("listen 443", &format!("listen {secure}"))
        .replace(
            "/etc/letsencrypt/live/stats.example.com/fullchain.pem",
            &format!("{here}/cert.pem"),
        )
        .replace(
            "/etc/letsencrypt/live/stats.example.com/privkey.pem",
            &format!("{here}/key.pem"),
        )
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    let conf = nginx(folder.path(), &conf).display().to_string();
    let _nginx = Running::start(Command::new("nginx").args(["-e", "stderr", "-c", &conf]));
    let event = json!({ "website_id": site, "name": "By nginx", "anonymous_id": "v", "url": "https://example.com/" });
    let send = |address: &str, event: &Value| {
        let sent = Command::new("curl")
            .args([
                "-sk",
                "--max-time",
                "5",
                "-H",
                "host: stats.example.com",
                "-H",
                &format!("{}: {}", ORIGIN.0, ORIGIN.1),
                "-A",
                crate::server::AGENT,
                "-d",
                &event.to_string(),
                &format!("{address}/api/event"),
            ])
            .output()
            .unwrap();
        String::from_utf8_lossy(&sent.stdout)
            .contains("success")
            .then_some(())
    };
    wait_for("nginx", || {
        send(&format!("https://127.0.0.1:{secure}"), &event)
    });

    let open = free_port();
    let caddy = sample(&server, "host", "caddy")
        .replace(
            "stats.example.com {",
            &format!("http://stats.example.com:{open} {{"),
        )
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    std::fs::write(
        folder.path().join("Caddyfile"),
        format!("{{\n admin off\n}}\n{caddy}\n"),
    )
    .unwrap();
    let _caddy = Running::start(
        Command::new("caddy")
            .args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"])
            .current_dir(folder.path())
            .env("HOME", &here)
            .stderr(Stdio::null()),
    );
    let event = json!({ "website_id": site, "name": "By Caddy", "anonymous_id": "v", "url": "https://example.com/" });
    wait_for("Caddy", || {
        send(&format!("http://127.0.0.1:{open}"), &event)
    });
    let names: Vec<_> = server
        .events(&key, &site)
        .iter()
        .map(|e| e["name"].clone())
        .collect();
    assert_eq!(names, ["By nginx", "By Caddy"]);

    // No daemon here: what a shell reads is read by one, and what is copied is there.
    let docker = sample(&server, "host", "dockerfile");
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "EXPOSE",
        "ENTRYPOINT",
        "CMD",
    ];
    for line in docker.lines().filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap();
        assert!(known.contains(&word), "{line}");
        match word {
            "RUN" => drop(run(folder.path(), "sh", &["-nc", rest], &[])),
            "ENTRYPOINT" | "CMD" => {
                let words: Vec<String> = serde_json::from_str(rest).unwrap();
                assert!(["admx", "serve"].contains(&&*words[0]), "{line}");
            }
            _ => {}
        }
    }
    run(
        folder.path(),
        "sh",
        &["-nc", &sample(&server, "host", "docker-run")],
        &[],
    );
}
