//! Judges chains with rustls-webpki: a case on each line of standard input, an answer on each line of standard output.
//! A case is: seconds since 1970, host or `-`, leaf, intermediates, anchors; by tabs, DER in hex, lists by commas.

use std::io::{self, BufRead, BufWriter, Write};
use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{anchor_from_trusted_cert, EndEntityCert, KeyUsage};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout());
    for line in io::stdin().lock().lines() {
        match judge(&line?) {
            Ok(()) => writeln!(out, "yes")?,
            Err(reason) => writeln!(out, "no\t{}", reason.replace(['\n', '\t'], " "))?,
        }
        out.flush()?;
    }
    Ok(())
}

fn judge(line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [seconds, host, leaf, intermediates, anchors] = fields[..] else {
        return Err("a case has five fields".to_string());
    };
    let leaf = CertificateDer::from(hex(leaf));
    let intermediates = list(intermediates);
    let roots = list(anchors);
    let mut trusted = Vec::new();
    let mut unread = None;
    for root in &roots {
        match anchor_from_trusted_cert(root) {
            Ok(anchor) => trusted.push(anchor),
            Err(error) => unread = Some(format!("anchor: {error:?}")),
        }
    }
    if let (true, Some(error)) = (trusted.is_empty(), unread) {
        return Err(error);
    }
    let seconds = seconds.parse().map_err(|_| "seconds")?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let end = EndEntityCert::try_from(&leaf).map_err(|error| format!("leaf: {error:?}"))?;
    end.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &trusted,
        &intermediates,
        now,
        KeyUsage::server_auth(),
        None,
        None,
    )
    .map_err(|error| format!("{error:?}"))?;
    if host != "-" {
        let name = ServerName::try_from(host).map_err(|error| format!("host: {error}"))?;
        end.verify_is_valid_for_subject_name(&name)
            .map_err(|error| format!("name: {error}"))?;
    }
    Ok(())
}

fn list(text: &str) -> Vec<CertificateDer<'static>> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| CertificateDer::from(hex(part)))
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap_or(0))
        .collect()
}
