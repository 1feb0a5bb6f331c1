//! rustls as a peer of the interop matrix; what it is told, and what it answers: ../README.md.
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{aws_lc_rs, CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, HandshakeKind, ProtocolVersion, RootCertStore,
    ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

type Order = HashMap<String, String>;
type Failure = Box<dyn std::error::Error>;

fn main() {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        let command = words.next().unwrap_or("").to_string();
        let order: Order = words
            .filter_map(|word| word.split_once('='))
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let outcome = match command.as_str() {
            "serve" => serve(&order),
            "connect" => connect(&order),
            _ => Err(format!("no such command: {command}").into()),
        };
        match outcome {
            Ok(text) => println!("{text}"),
            Err(error) => println!("error {}", error.to_string().replace('\n', " ")),
        }
    }
}

fn serve(order: &Order) -> Result<String, Failure> {
    let provider = provider(order);
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&versions(order))?;
    let builder = if order.contains_key("auth") {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(order)?), provider.clone()).build()?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = if let Some(path) = order.get("staple") {
        builder.with_single_cert_with_ocsp(chain(order)?, key(order)?, std::fs::read(path)?)?
    } else {
        builder.with_single_cert(chain(order)?, key(order)?)?
    };
    config.alpn_protocols = alpn(order);
    if !order.contains_key("ids") {
        config.ticketer = aws_lc_rs::Ticketer::new()?;
    }
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let config = config.clone();
            std::thread::spawn(move || {
                if let Err(error) = echo(config, socket) {
                    println!("server-error {error}");
                }
            });
        }
    });
    Ok(format!("serving {port}"))
}

fn echo(config: Arc<ServerConfig>, mut socket: TcpStream) -> Result<(), Failure> {
    let mut tls = ServerConnection::new(config)?;
    let mut buffer = vec![0; 65536];
    loop {
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        let outcome = stream.read(&mut buffer);
        let length = match outcome {
            Ok(length) => length,
            Err(error) => {
                // The alert that says why is still to be sent.
                let _ = tls.write_tls(&mut socket);
                return Err(error.into());
            }
        };
        if length == 0 {
            break;
        }
        stream.write_all(&buffer[..length])?;
        stream.flush()?;
    }
    tls.send_close_notify();
    while tls.wants_write() {
        tls.write_tls(&mut socket)?;
    }
    Ok(())
}

fn connect(order: &Order) -> Result<String, Failure> {
    let provider = provider(order);
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(order)?), provider.clone()).build()?;
    let verifier = Arc::new(Listening { inner, staple: AtomicUsize::new(0) });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(order))?
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone());
    let mut config = if order.contains_key("cert") {
        builder.with_client_auth_cert(chain(order)?, key(order)?)?
    } else {
        builder.with_no_client_auth()
    };
    config.alpn_protocols = alpn(order);
    if order.contains_key("ids") {
        config.resumption = rustls::client::Resumption::in_memory_sessions(256)
            .tls12_resumption(rustls::client::Tls12Resumption::SessionIdOnly);
    }
    let config = Arc::new(config);
    let times: usize = number(order, "times", 1);
    let mut last = String::new();
    for _ in 0..times {
        last = once(order, &config)?;
    }
    Ok(format!("{last} ocsp={}", verifier.staple.load(Ordering::Relaxed)))
}

/// The verifier of rustls, which also says how long the response was that came with the certificate.
#[derive(Debug)]
struct Listening {
    inner: Arc<WebPkiServerVerifier>,
    staple: AtomicUsize,
}

impl ServerCertVerifier for Listening {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        staple: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.staple.store(staple.len(), Ordering::Relaxed);
        self.inner.verify_server_cert(leaf, intermediates, name, staple, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn once(order: &Order, config: &Arc<ClientConfig>) -> Result<String, Failure> {
    let mut socket = TcpStream::connect(("127.0.0.1", number(order, "port", 0) as u16))?;
    socket.set_nodelay(true)?;
    let mut tls = ClientConnection::new(config.clone(), ServerName::try_from("server.example")?)?;
    let total = number(order, "bytes", 0);
    let mut done = 0;
    while done < total {
        let size = 16384.min(total - done);
        let sent: Vec<u8> = (0..size).map(|i| ((done + i) * 7 % 251) as u8).collect();
        let mut got = vec![0; size];
        if done > 0 && order.contains_key("rekey") {
            tls.refresh_traffic_keys()?;
        }
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.write_all(&sent)?;
        stream.flush()?;
        stream.read_exact(&mut got)?;
        if got != sent {
            return Err("what came back is not what was sent".into());
        }
        done += size;
    }
    tls.send_close_notify();
    while tls.wants_write() {
        tls.write_tls(&mut socket)?;
    }
    let mut rest = [0; 1];
    let clean = matches!(rustls::Stream::new(&mut tls, &mut socket).read(&mut rest), Ok(0));
    Ok(format!(
        "ok version={} alpn={} resumed={} clean={}",
        if tls.protocol_version() == Some(ProtocolVersion::TLSv1_3) { "1.3" } else { "1.2" },
        tls.alpn_protocol().map(String::from_utf8_lossy).unwrap_or_default(),
        u8::from(tls.handshake_kind() == Some(HandshakeKind::Resumed)),
        u8::from(clean),
    ))
}

fn provider(order: &Order) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(name) = order.get("group") {
        let group: &'static dyn SupportedKxGroup = match name.as_str() {
            "secp384r1" => aws_lc_rs::kx_group::SECP384R1,
            "SecP256r1MLKEM768" => aws_lc_rs::kx_group::SECP256R1MLKEM768,
            "MLKEM768" => aws_lc_rs::kx_group::MLKEM768,
            _ => aws_lc_rs::kx_group::X25519MLKEM768,
        };
        provider.kx_groups = vec![group];
    }
    Arc::new(provider)
}

fn versions(order: &Order) -> Vec<&'static SupportedProtocolVersion> {
    match order.get("version").map(String::as_str) {
        Some("1.2") => vec![&rustls::version::TLS12],
        Some("1.3") => vec![&rustls::version::TLS13],
        _ => vec![&rustls::version::TLS13, &rustls::version::TLS12],
    }
}

fn roots(order: &Order) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&order["roots"])? {
        store.add(certificate?)?;
    }
    Ok(store)
}

fn chain(order: &Order) -> Result<Vec<CertificateDer<'static>>, Failure> {
    Ok(CertificateDer::pem_file_iter(&order["cert"])?.collect::<Result<Vec<_>, _>>()?)
}

fn key(order: &Order) -> Result<PrivateKeyDer<'static>, Failure> {
    Ok(PrivateKeyDer::from_pem_file(&order["key"])?)
}

fn alpn(order: &Order) -> Vec<Vec<u8>> {
    order.get("alpn").map(|name| vec![name.as_bytes().to_vec()]).unwrap_or_default()
}

fn number(order: &Order, name: &str, otherwise: usize) -> usize {
    order.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
