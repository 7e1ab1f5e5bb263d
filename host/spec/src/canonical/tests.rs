use super::*;

#[test]
fn a_digest_is_read_as_it_is_written() {
    let digest = Digest::of(b"jackfield");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(digest.to_string().to_uppercase().parse::<Digest>(), Err(DigestError));
    assert_eq!("sha256-00".parse::<Digest>(), Err(DigestError));
}
