//! What goes into the filter: the list, and what people make of it.
//!
//! Lists of leaked passwords are mostly of short ones. Whoever must choose twelve characters does
//! to the same words what is done here. `data/README.md` says why each family is there.

/// How many of the list's first words get endings and beginnings.
const VARIED: usize = 2000;
/// How many of the list's first words are put together in pairs.
const PAIRED: usize = 220;
/// A word this short says little by itself.
const MIN_LETTERS: usize = 4;
/// Walks and repeats are made in every length from here
const FROM: usize = 8;
/// to here.
const TO: usize = 32;
/// One key held down fills fields of any usual size.
const HELD_TO: usize = 64;

/// Years of birth, and the present ones.
const YEARS: std::ops::RangeInclusive<u16> = 1960..=2030;

const ENDINGS: [&str; 44] = [
    "1",
    "2",
    "3",
    "7",
    "12",
    "13",
    "01",
    "007",
    "11",
    "22",
    "69",
    "77",
    "88",
    "99",
    "00",
    "000",
    "0000",
    "111",
    "1111",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "321",
    "4321",
    "54321",
    "654321",
    "987654321",
    "666",
    "777",
    "999",
    "!",
    "!!",
    "!!!",
    "1!",
    "12!",
    "123!",
    "1234!",
    "@123",
    "#1",
];

const BEGINNINGS: [&str; 8] = ["1", "12", "123", "1234", "12345", "123456", "my", "the"];

/// Ways across a keyboard or an alphabet. Each is walked in both directions and round and round.
const WAYS: [&str; 24] = [
    "1234567890",
    "0123456789",
    "!@#$%^&*()",
    "1234567890-=",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1qazxsw23edcvfr45tgbnhy67ujm",
    "zaq12wsxcde34rfvbgt56yhnmju7",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qazxswedcvfrtgbnhyujm",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "a1b2c3d4e5f6g7h8i9j0",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
];

/// Advice that was followed too literally, and what the field itself suggests.
const SENTENCES: [&str; 12] = [
    "correct horse battery staple",
    "this is my password",
    "this is a password",
    "my secret password",
    "let me in please",
    "please let me in",
    "i forgot my password",
    "i hate passwords",
    "change me please",
    "enter your password",
    "i love you so much",
    "the quick brown fox",
];

/// All families by name, in the order in which the list has its words.
pub(crate) fn all(list: &str) -> [(&'static str, Vec<String>); 8] {
    let list: Vec<&str> = list.lines().collect();
    let words: Vec<&str> = list.iter().copied().filter(|word| is_word(word)).collect();
    [
        ("listed", list.iter().copied().map(str::to_owned).collect()),
        ("doubled", list.iter().flat_map(|word| [word.repeat(2), word.repeat(3)]).collect()),
        ("varied", words.iter().take(VARIED).flat_map(|word| varied(word)).collect()),
        ("paired", paired(&words[..PAIRED.min(words.len())])),
        ("walks", WAYS.iter().flat_map(|way| walks(way)).collect()),
        ("stretched", WAYS.iter().flat_map(|way| stretched(way)).collect()),
        ("repeats", repeats()),
        ("sentences", SENTENCES.iter().flat_map(|sentence| written(sentence)).collect()),
    ]
}

fn is_word(word: &str) -> bool {
    word.chars().count() >= MIN_LETTERS && word.contains(char::is_alphabetic)
}

/// A word with a year, a number or a mark.
fn varied(word: &str) -> Vec<String> {
    let years = YEARS.map(|year| format!("{word}{year}"));
    let ended = ENDINGS.iter().map(|ending| format!("{word}{ending}"));
    let begun = BEGINNINGS.iter().map(|beginning| format!("{beginning}{word}"));
    years.chain(ended).chain(begun).collect()
}

/// Every word behind every other.
fn paired(words: &[&str]) -> Vec<String> {
    words.iter().flat_map(|one| words.iter().map(move |other| format!("{one}{other}"))).collect()
}

/// All pieces of a way that goes round and round, in both directions.
fn walks(way: &str) -> Vec<String> {
    let forward: Vec<char> = way.chars().collect();
    let backward: Vec<char> = way.chars().rev().collect();
    let starts = 0..forward.len();
    let mut pieces = Vec::new();
    for start in starts {
        for length in FROM..=TO {
            for keys in [&forward, &backward] {
                pieces.push(keys.iter().cycle().skip(start).take(length).collect());
            }
        }
    }
    pieces
}

/// A way with each key pressed two to four times, or the key zero before each: `112233`, `010203`.
fn stretched(way: &str) -> Vec<String> {
    let keys: Vec<char> = way.chars().collect();
    let mut pieces = Vec::new();
    for start in 0..keys.len() {
        for steps in 2..=keys.len().min(12) {
            let walked = || keys.iter().cycle().skip(start).take(steps);
            for times in 2..=4 {
                pieces.push(walked().flat_map(|key| std::iter::repeat_n(*key, times)).collect());
            }
            pieces.push(walked().flat_map(|key| ['0', *key]).collect());
        }
    }
    pieces
}

/// One key held down, and two to four typed again and again.
fn repeats() -> Vec<String> {
    let keys: Vec<char> = (' '..='~').filter(|key| !key.is_ascii_uppercase()).collect();
    let plain = || ('0'..='9').chain('a'..='z');
    let held =
        keys.iter().flat_map(|key| (FROM..=HELD_TO).map(|times| key.to_string().repeat(times)));
    let pairs = plain().flat_map(|one| plain().map(move |other| format!("{one}{other}")));
    let threes = (0..1000).map(|number| format!("{number:03}"));
    let fours = (0..10_000).map(|number| format!("{number:04}"));
    let again = |unit: String, up_to: usize| {
        let times = FROM.div_ceil(unit.len())..=up_to / unit.len();
        times.map(move |times| unit.repeat(times)).collect::<Vec<_>>()
    };
    held.chain(pairs.flat_map(|unit| again(unit, 24)))
        .chain(threes.flat_map(|unit| again(unit, 24)))
        .chain(fours.flat_map(|unit| again(unit, 20)))
        .collect()
}

/// A sentence with its blanks, without them, and with hyphens, dots or underscores for them.
fn written(sentence: &str) -> Vec<String> {
    ["", " ", "-", ".", "_"].iter().map(|blank| sentence.replace(' ', blank)).collect()
}
