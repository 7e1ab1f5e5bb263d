use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{LEAST, read};

fn assert_lines(text: &str) -> Result<(), TestCaseError> {
    if let Err(errors) = read(text) {
        prop_assert!(!errors.0.is_empty());
        for problem in &errors.0 {
            prop_assert_eq!(problem.to_string().lines().count(), 1);
            prop_assert!(problem.place.line <= text.split('\n').count());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        assert_lines(&text)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        assert_lines(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_value_at_any_key_makes_it_panic(
        section in "(server|\\[operator\\]|\\[agent\\]|\\[queue\\]|\\[route\\]|\\[channel\\])",
        key in "(listen|public-url|data|metrics|signing|trusted-keys|revoked-keys|revoked-drivers|drain|trial|trial-crashes|dedupe-window|retention|name|role|token|id|skills|teams|capacity\
                |addresses|offer-timeout|choose|wrap-up|weights|when|queue|priority|attributes|driver|settings\
                |secrets|grants|limits|simulated|\"\"|é)",
        value in "(\"\\\\PC{0,12}\"|'[^']{0,12}'|-?[0-9]{1,22}|[0-9]\\.[0-9]e[0-9]{1,3}|nan|true|\\[\\]|\\[1, 'a'\\]\
                   |\\{\\}|\\{ a = 1 \\}|\\{ http = 1 \\}|\\{ memory = '1MiB' \\}|1979-05-27|'''\na'''|[\\[\\]{}=,'\"]{1,4})",
    ) {
        assert_lines(&format!("{LEAST}[{section}]\n{key} = {value}\n"))?;
    }
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        format!("{}b = 1", "a.".repeat(100_000)),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
    ] {
        let errors = read(&text).expect_err("too deep");
        assert_eq!(errors.0.len(), 1);
    }
}

#[test]
fn places_count_characters_and_windows_lines() {
    let text = format!("# é\r\n[server]\r\n\"é\" = 1\r\n{LEAST}");
    let errors = read(&text).expect_err("unknown key");
    assert_eq!(errors.0[0].place.to_string(), "c.toml:3:1");
    let text = format!("[server]\nlisten = [\"é\", 1]\n{LEAST}[[agent]]\nid = \"é\"");
    let errors = read(&text).expect_err("wrong");
    assert_eq!(errors.0[0].place.to_string(), "c.toml:2:10");
}
