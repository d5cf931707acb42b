use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::config::Sources;

struct Running {
    ready: Ready,
    stop: CancellationToken,
    ended: JoinHandle<Result<(), Error>>,
}

async fn start(dir: &Path, set: impl FnOnce(Sources) -> Sources) -> Running {
    let sources = Sources::none()
        .flag("data_dir", "--data", dir.join("data").to_string_lossy())
        .flag("listen", "--listen", "127.0.0.1:0")
        .flag("metrics.listen", "--metrics", "127.0.0.1:0");
    let config = Config::load(&set(sources)).unwrap();
    let stop = CancellationToken::new();
    let (tell, told) = oneshot::channel();
    let ended = tokio::spawn(serve(config, stop.clone(), move |ready| {
        tell.send(ready.clone()).unwrap();
    }));
    Running {
        ready: told.await.unwrap(),
        stop,
        ended,
    }
}

async fn status(client: &reqwest::Client, url: &str) -> u16 {
    client.get(url).send().await.unwrap().status().as_u16()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_find_the_server_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let known = || {
        let mut config = Config::in_dir(&dir.path().join("data")).unwrap();
        find_server(&mut config);
        config.public_url()
    };
    assert_eq!(known(), "http://localhost:8080");
    let running = start(dir.path(), |sources| sources).await;
    assert_eq!(known(), running.ready.public_url);
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
    assert_eq!(known(), "http://localhost:8080");
    // What a killed one leaves is not believed.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    std::fs::write(dir.path().join("data/server.port"), port.to_string()).unwrap();
    assert_eq!(known(), "http://localhost:8080");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_serve_one_database_and_stop_gently() {
    let dir = tempfile::tempdir().unwrap();
    let one = start(dir.path(), |sources| sources).await;
    let two = start(dir.path(), |sources| sources.flag("role", "--role", "web")).await;
    let client = client();
    for running in [&one, &two] {
        let web = running.ready.web.unwrap();
        assert_eq!(
            running.ready.public_url,
            format!("http://localhost:{}", web.port())
        );
        assert_eq!(status(&client, &format!("http://{web}/healthz")).await, 200);
        assert_eq!(status(&client, &format!("http://{web}/readyz")).await, 200);
        assert_eq!(status(&client, &format!("http://{web}/metrics")).await, 404);
    }
    let measured = client
        .get(format!("http://{}/metrics", one.ready.metrics.unwrap()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        measured.contains(
            "keywright_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"}"
        ),
        "{measured}"
    );
    for running in [one, two] {
        running.stop.cancel();
        running.ended.await.unwrap().unwrap();
        assert!(
            client
                .get(format!("http://{}/healthz", running.ready.web.unwrap()))
                .send()
                .await
                .is_err()
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_and_the_master_key_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path(), |sources| {
        sources.flag("role", "--role", "worker")
    })
    .await;
    assert_eq!(running.ready.web, None);
    let mode = |path: &str| {
        std::fs::metadata(dir.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (
            mode("data"),
            mode("data/master.key"),
            mode("data/keywright.db")
        ),
        (0o700, 0o600, 0o600)
    );
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_ends_here_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let set = |sources: Sources| {
        sources
            .flag("tls.cert", "--cert", cert.to_string_lossy())
            .flag("tls.key", "--key", key.to_string_lossy())
    };
    let running = start(dir.path(), set).await;
    assert!(running.ready.public_url.starts_with("https://localhost:"));
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .build()
        .unwrap();
    let answer = trusting
        .get(format!("{}/healthz", running.ready.public_url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    };
    write();
    let sources = Sources::none()
        .flag("tls.cert", "--cert", cert.to_string_lossy())
        .flag("tls.key", "--key", key.to_string_lossy());
    let config = Config::load(&sources).unwrap();
    let mut certificate = Certificate::read(&config).await.unwrap().unwrap();
    let first = certificate.config().get_inner();
    assert!(!certificate.renew().await.unwrap());
    write();
    assert!(certificate.renew().await.unwrap());
    let second = certificate.config().get_inner();
    assert!(!Arc::ptr_eq(&first, &second));
    std::fs::write(&cert, "half a certif").unwrap();
    assert!(certificate.renew().await.is_err());
    assert!(Arc::ptr_eq(&second, &certificate.config().get_inner()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_work_is_finished_before_the_end() {
    let (begun, go_on) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (told, waits) = (begun.clone(), go_on.clone());
    let slow = async move || {
        told.notify_one();
        waits.notified().await;
        "whole"
    };
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let stop = CancellationToken::new();
    let router = Router::new().route("/", get(slow));
    let ended = tokio::spawn(answer(
        listener,
        None,
        router,
        stop.clone(),
        Duration::from_secs(20),
    ));
    let request = tokio::spawn(client().get(format!("http://{address}/")).send());
    begun.notified().await;
    stop.cancel();
    go_on.notify_one();
    assert_eq!(
        request.await.unwrap().unwrap().text().await.unwrap(),
        "whole"
    );
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_address_is_told() {
    let (_listener, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert!(matches!(bind(address), Err(Error::Listen(at, _)) if at == address));
}
