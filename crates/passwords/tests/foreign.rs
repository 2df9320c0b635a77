//! Foreign hashes seen from outside: which are read, which passwords match them, which are refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use proptest::sample::Index;
use vestibule_passwords::{Comparison, ForeignHash, Scheme, UnusableHash};

/// A hash of another system; made by `foreign/make_vectors.py`.
struct Vector {
    notation: &'static str,
    scheme: &'static str,
    password: String,
    hash: &'static str,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("foreign/vectors.txt").lines();
    let vectors = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [notation, scheme, password, hash] = fields.try_into().unwrap();
        Vector { notation, scheme, password: password.replace("\\0", "\0"), hash }
    });
    vectors.collect()
}

fn one_of(notation: &str, scheme: &str) -> Vector {
    let mut vectors = vectors().into_iter();
    vectors.find(|vector| vector.notation == notation && vector.scheme == scheme).unwrap()
}

fn compare(hash: &str, password: &str) -> Comparison {
    ForeignHash::parse(hash).unwrap().verify(password.as_bytes()).unwrap()
}

fn refused(hash: &str) -> UnusableHash {
    ForeignHash::parse(hash).unwrap_err()
}

#[test]
fn every_vector_is_read_as_its_scheme() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 49);
    for Vector { notation, scheme, hash, .. } in vectors {
        let read = ForeignHash::parse(hash).unwrap();
        assert_eq!(format!("{:?}", read.scheme()), scheme, "{notation}");
    }
}

#[test]
fn every_vector_matches_its_password_and_no_other() {
    for Vector { notation, scheme, password, hash } in vectors() {
        let is_cut = scheme == "Bcrypt" && password.len() >= 72;
        let expected = if is_cut { Comparison::MatchOfStart } else { Comparison::Match };
        assert_eq!(compare(hash, &password), expected, "{notation}, {scheme}");
        let without_first = password.chars().skip(1).collect();
        let without_last =
            String::from_utf8_lossy(&password.as_bytes()[..password.len().min(72) - 1])
                .into_owned();
        for wrong in [String::new(), "wrong".to_owned(), without_first, without_last] {
            assert_eq!(compare(hash, &wrong), Comparison::Mismatch, "{notation}, {scheme}");
        }
        let longer = format!("{password}x");
        let expected = if is_cut { Comparison::MatchOfStart } else { Comparison::Mismatch };
        assert_eq!(compare(hash, &longer), expected, "{notation}, {scheme}");
    }
}

#[test]
fn a_hash_with_any_other_byte_at_its_end_does_not_match() {
    for Vector { notation, scheme, password, hash } in vectors() {
        // Before the padding; the last character before it may hold bits that are not used.
        let end = hash.trim_end_matches('=').len() - 2;
        let other = if hash[end..].starts_with('a') { "b" } else { "a" };
        let changed = format!("{}{other}{}", &hash[..end], &hash[end + 1..]);
        assert_eq!(compare(&changed, &password), Comparison::Mismatch, "{notation}, {scheme}");
    }
}

#[test]
fn bcrypt_looks_at_72_bytes_and_says_so() {
    let hash = "$2b$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm";
    let password = one_of("passlib", "Pbkdf2Sha512").password;
    assert_eq!(password.len(), 80);
    assert_eq!(compare(hash, &password[..72]), Comparison::MatchOfStart);
    assert_eq!(compare(hash, &format!("{}anything", &password[..72])), Comparison::MatchOfStart);
    assert_eq!(compare(hash, &password[..71]), Comparison::Mismatch);
}

#[test]
fn a_zero_byte_does_not_end_a_password() {
    let with_zero = vectors().into_iter().filter(|vector| vector.password.contains('\0'));
    let mut count = 0;
    for Vector { password, hash, .. } in with_zero {
        assert_eq!(compare(hash, &password), Comparison::Match);
        assert_eq!(compare(hash, "before"), Comparison::Mismatch);
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn bits_that_a_bcrypt_salt_does_not_need_may_be_anything() {
    let hash = "$2b$05$abcdefghijklmnopqrstuu1UkAtEkY1Aau0CenH8pb6gZ3crYCGyK";
    let password = "🦀 пароль 密码";
    assert_eq!(compare(hash, password), Comparison::Match);
    assert_eq!(compare(&hash.replace("tuu1", "tuv1"), password), Comparison::Match);
    assert_eq!(compare(&hash.replace("tuu1", "tue1"), password), Comparison::Mismatch);
}

#[test]
fn better_auth_compares_in_nfkc() {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.password.starts_with("oﬃce")).unwrap();
    assert_eq!(vector.notation, "Better Auth");
    for same in ["office 1 1\u{2044}2 é", "oﬃce ① ½ e\u{301}"] {
        assert_eq!(compare(vector.hash, same), Comparison::Match, "{same}");
    }
}

#[test]
fn a_password_that_is_not_utf_8_is_compared_too() {
    for Vector { notation, hash, .. } in vectors() {
        let compared = ForeignHash::parse(hash).unwrap().verify(b"\xff\xfe").unwrap();
        assert_eq!(compared, Comparison::Mismatch, "{notation}");
    }
}

#[test]
fn what_is_too_much_work_is_refused_and_the_most_is_not() {
    let argon2 = |costs| format!("$argon2id$v=19${costs}$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg");
    let bcrypt = |cost| format!("$2b${cost}$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm");
    let passlib = |cost| {
        let salt_and_hash = "nrjwfOFSfYxgypW7ZuXX1O$VuSX1uc2nQvYPTvAxfhMEf4vfgIeS7C";
        format!("$bcrypt-sha256$v=2,t=2b,r={cost}${salt_and_hash}")
    };
    let scrypt = |costs| format!("$scrypt${costs}$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg");
    let django = |n| format!("scrypt${n}$salt$8$5$MDEyMzQ1Njc4OWFiY2RlZg==");
    let werkzeug = |costs| format!("scrypt:{costs}$salt${}", "ab".repeat(64));
    let pbkdf2 = |iterations| format!("pbkdf2:sha256:{iterations}$salt${}", "ab".repeat(32));
    let two_blocks = |iterations| format!("pbkdf2:sha1:{iterations}$salt${}", "ab".repeat(32));
    for (most, more) in [
        (argon2("m=262144,t=10,p=8"), argon2("m=262145,t=1,p=8")),
        (argon2("m=64,t=40960,p=8"), argon2("m=64,t=40961,p=8")),
        (argon2("m=65536,t=4,p=255"), argon2("m=99999999999,t=1,p=1")),
        (argon2("m=8,t=1,p=1"), argon2("m=4294967295,t=4294967295,p=4294967295")),
        (bcrypt("15"), bcrypt("16")),
        (bcrypt("04"), bcrypt("31")),
        (passlib("15"), passlib("16")),
        (scrypt("ln=17,r=8,p=8"), scrypt("ln=17,r=8,p=9")),
        (scrypt("ln=18,r=8,p=4"), scrypt("ln=19,r=8,p=1")),
        (scrypt("ln=1,r=64,p=2048"), scrypt("ln=1,r=64,p=2049")),
        (scrypt("ln=1,r=1,p=1"), scrypt("ln=1,r=4294967295,p=4294967295")),
        (scrypt("ln=1,r=1,p=1"), scrypt("ln=64,r=1,p=1")),
        (scrypt("ln=1,r=1,p=1"), scrypt("ln=31,r=4294967295,p=4294967295")),
        (django("131072"), django("262144")),
        (werkzeug("262144:8:1"), werkzeug("524288:8:1")),
        (pbkdf2("4000000"), pbkdf2("4000001")),
        (two_blocks("2000000"), two_blocks("2000001")),
        (pbkdf2("1"), pbkdf2("4294967296")),
    ] {
        assert!(ForeignHash::parse(&most).is_ok(), "{most}");
        let reason = refused(&more);
        assert!(matches!(reason, UnusableHash::TooExpensive { .. }), "{more}: {reason}");
    }
}

#[test]
fn what_protects_nothing_is_refused() {
    for hash in [
        "$argon2id$v=19$m=64,t=2,p=1$$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4",
        "$scrypt$ln=6,r=8,p=1$$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=6,r=8,p=1$c29tZXNhbHQ$",
        "scrypt$64$$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt:64:8:1$salt$",
        "pbkdf2_sha256$60$$MDEyMzQ1Njc4OWFiY2RlZg==",
        "pbkdf2_sha256$60$salt$",
        "pbkdf2:sha256:60$salt$abcdef",
        "$pbkdf2-sha256$60$c29tZXNhbHQ$",
    ] {
        let reason = refused(hash);
        assert!(matches!(reason, UnusableHash::Worthless { .. }), "{hash}: {reason}");
    }
}

#[test]
fn what_is_malformed_is_refused() {
    for hash in [
        "$argon2id$v=18$m=64,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,p=1,t=2$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=1,data=AA$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=064,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=+64,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=0$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=9$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=1$c2FsdA$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg$",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZ?",
        "$argon2id$",
        "$2b$3$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "$2b$03$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "$2b$32$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "$2b$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2l",
        "$2b$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm\n",
        "$2b$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2l=",
        "$2b$05$abcdefghijklmnopqrstéBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "$2b$05$",
        "bcrypt$$2x$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "bcrypt$2b$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
        "$bcrypt-sha256$v=3,t=2b,r=4$nrjwfOFSfYxgypW7ZuXX1O$VuSX1uc2nQvYPTvAxfhMEf4vfgIeS7C",
        "$bcrypt-sha256$v=2,t=2b,r=04$nrjwfOFSfYxgypW7ZuXX1O$VuSX1uc2nQvYPTvAxfhMEf4vfgIeS7C",
        "$bcrypt-sha256$v=2,t=2b,r=4$nrjwfOFSfYxgypW7ZuXX1O",
        "$scrypt$ln=6,r=8$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=0,r=8,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=6,r=0,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=6,r=8,p=0$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "scrypt$63$salt$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt$64$8$5$salt$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt:64:8$salt$abababababababababab",
        "scrypt:64:8:1:1$salt$abababababababababab",
        "scrypt:64:8:1$salt$ababababababababababa",
        "scrypt:64:8:1$salt$ababababababababababag",
        "0123456789abcdef:abcdefabcdefabcdefabcdef",
        "pbkdf2_sha256$0$salt$MDEyMzQ1Njc4OWFiY2RlZg==",
        "pbkdf2_sha256$60$sa\0lt$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt:64:8:1$sa\nlt$abababababababababab",
        "pbkdf2_sha256$-1$salt$MDEyMzQ1Njc4OWFiY2RlZg==",
        "pbkdf2_sha256$60$salt",
        "pbkdf2:sha256$salt$abababababababababab",
        "$pbkdf2-sha256$i=60,l=33$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
        "$pbkdf2-sha256$i=60,x=16$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg",
    ] {
        let reason = refused(hash);
        assert!(matches!(reason, UnusableHash::Malformed { .. }), "{hash}: {reason}");
    }
}

#[test]
fn an_operator_learns_why_a_hash_is_refused() {
    let long = "x".repeat(513);
    for (hash, reason) in [
        ("", "there is none, so the account had no password"),
        ("!Iu5rjz", "there is none, so the account had no password"),
        (&*long, "it is longer than any hash"),
        ("correct horse", "it is in no notation that is known here"),
        ("$", "it is in no notation that is known here"),
        ("$$$", "it is in no notation that is known here"),
        (":", "it is in no notation that is known here"),
        ("$6$salt$hash", "it was made with SHA-512-crypt, which is not supported"),
        ("$1$salt$hash", "it was made with MD5-crypt, which does not protect a password"),
        (
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "it was made with a single digest such as MD5 or SHA-1, which does not protect a password",
        ),
        (
            "pbkdf2:md5:60$salt$ab",
            "it was made with PBKDF2 with a digest other than SHA-1, SHA-256 and SHA-512, which is \
             not supported",
        ),
        (
            "$2x$05$abcdefghijklmnopqrstuuBwuM9KPGxikrVNH9pMbFy/8y233n2lm",
            "it was made with the variant 2x of bcrypt, which loses parts of some passwords",
        ),
        ("$2b$05$x", "it looks like bcrypt, but it has not 60 characters"),
        (
            "pbkdf2_sha256$4000001$salt$MDEyMzQ1Njc4OWFiY2RlZg==",
            "it was made with PBKDF2 with SHA-256 and asks for too much work: it makes more than four \
             million iterations",
        ),
        (
            "scrypt$64$$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
            "it was made with scrypt and protects nothing: it has no salt",
        ),
    ] {
        assert_eq!(refused(hash).to_string(), reason, "{hash}");
    }
}

#[test]
fn hashes_do_not_print() {
    let hash = ForeignHash::parse(one_of("Django", "Bcrypt").hash).unwrap();
    assert_eq!(format!("{hash:?}"), "ForeignHash(bcrypt, ..)");
    assert_eq!(hash.scheme(), Scheme::Bcrypt);
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        let _ = ForeignHash::parse(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_hash_makes_reading_panic(
        text in r"[$]?(argon2(id?|d)|2[abxy]|bcrypt(-sha256|_sha256)?|scrypt|pbkdf2([-_]sha(1|256|512))?)?[:$]([0-9a-z=,:$./+A-Zé]{0,40}[$:]){0,6}[0-9a-f=]{0,130}",
    ) {
        let _ = ForeignHash::parse(&text);
    }

    #[test]
    fn no_change_to_a_vector_makes_reading_panic(
        vector in any::<Index>(),
        at in any::<Index>(),
        cut in 0..4_usize,
        put in r"[$:,=0-9a-zé\x00.+/]{0,3}",
    ) {
        let vectors = vectors();
        let hash = vector.get(&vectors).hash;
        let at = at.index(hash.len() + 1);
        let end = hash.len().min(at + cut);
        let _ = ForeignHash::parse(&format!("{}{put}{}", &hash[..at], &hash[end..]));
    }
}
