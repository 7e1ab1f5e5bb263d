//! Where a channel takes connections, and by what certificate.

use super::problems::check_part;

#[test]
fn addresses_certificates_and_proxies() {
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
listen = ["tls://127.0.0.1:0", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1"]
proxy-from = ["10.0.0.0/8", "10.0.0.1", "proxy.example.com"]"#,
        &[
            "c.toml:4:10: channel[0].listen: names 127.0.0.1:1 twice; leave one of them out",
            r#"c.toml:4:11: channel[0].listen[0]: needs a certificate; write tls = { certificate = "cert.pem", key = "key.pem" } in the channel"#,
            r#"c.toml:5:41: channel[0].proxy-from[2]: `proxy.example.com` is no range of addresses; write an array of addresses or ranges, ["10.0.0.0/8"]"#,
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
[channel.tls]
certificate = "/does/not/exist.pem"
chain = "x""#,
        &[
            r#"c.toml:4:1: channel[0].tls.key: is missing; add tls = { certificate = "cert.pem", key = "key.pem" }"#,
            "c.toml:5:15: channel[0].tls.certificate: /does/not/exist.pem can't be read: No such file or directory (os error 2); name a file in PEM that the server may read",
            "c.toml:6:1: channel[0].tls.chain: is not a known key; remove it; known here: certificate, key",
        ],
    );
}
