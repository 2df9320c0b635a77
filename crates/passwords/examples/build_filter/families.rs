//! The words of the filter: the list, and common variations of it.
//!
//! Lists of leaked passwords contain mostly short ones. Users who must choose twelve characters
//! extend the same words in these ways. `data/README.md` describes each family.

/// Number of words, from the start of the list, that get suffixes and prefixes.
const VARIED: usize = 2000;
/// Number of words, from the start of the list, that are combined in pairs.
const PAIRED: usize = 220;
/// Minimum length of a word for variations and pairs.
const MIN_LETTERS: usize = 4;
/// Minimum length of walks and repeats.
const MIN_WALK: usize = 8;
/// Maximum length of walks and repeats.
const MAX_WALK: usize = 32;
/// Maximum length of one repeated key, which can fill a field of any usual size.
const MAX_HELD: usize = 64;

/// Years of birth, and recent years.
const YEARS: std::ops::RangeInclusive<u16> = 1960..=2030;

const SUFFIXES: [&str; 44] = [
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

const PREFIXES: [&str; 8] = ["1", "12", "123", "1234", "12345", "123456", "my", "the"];

/// Paths across a keyboard or an alphabet. Each is followed cyclically in both directions.
const PATHS: [&str; 24] = [
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

/// Published example passphrases, and phrases that a password field suggests.
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

/// Returns the words of all families by name, each in the order of the list.
pub(crate) fn all(list: &str) -> [(&'static str, Vec<String>); 8] {
    let list: Vec<&str> = list.lines().collect();
    let words: Vec<&str> = list.iter().copied().filter(|word| is_word(word)).collect();
    [
        ("listed", list.iter().copied().map(str::to_owned).collect()),
        ("doubled", list.iter().flat_map(|word| [word.repeat(2), word.repeat(3)]).collect()),
        ("varied", words.iter().take(VARIED).flat_map(|word| varied(word)).collect()),
        ("paired", paired(&words[..PAIRED.min(words.len())])),
        ("walks", PATHS.iter().flat_map(|path| walks(path)).collect()),
        ("stretched", PATHS.iter().flat_map(|path| stretched(path)).collect()),
        ("repeats", repeats()),
        ("sentences", SENTENCES.iter().flat_map(|sentence| spelled(sentence)).collect()),
    ]
}

fn is_word(word: &str) -> bool {
    word.chars().count() >= MIN_LETTERS && word.contains(char::is_alphabetic)
}

/// Returns a word with years, numbers and punctuation added.
fn varied(word: &str) -> Vec<String> {
    let years = YEARS.map(|year| format!("{word}{year}"));
    let suffixed = SUFFIXES.iter().map(|suffix| format!("{word}{suffix}"));
    let prefixed = PREFIXES.iter().map(|prefix| format!("{prefix}{word}"));
    years.chain(suffixed).chain(prefixed).collect()
}

/// Returns all pairs of words.
fn paired(words: &[&str]) -> Vec<String> {
    words.iter().flat_map(|one| words.iter().map(move |other| format!("{one}{other}"))).collect()
}

/// Returns all sections of a cyclic path, in both directions.
fn walks(path: &str) -> Vec<String> {
    let forward: Vec<char> = path.chars().collect();
    let backward: Vec<char> = path.chars().rev().collect();
    let starts = 0..forward.len();
    let mut pieces = Vec::new();
    for start in starts {
        for length in MIN_WALK..=MAX_WALK {
            for keys in [&forward, &backward] {
                pieces.push(keys.iter().cycle().skip(start).take(length).collect());
            }
        }
    }
    pieces
}

/// Returns paths with each key pressed two to four times, or with a zero before each: `112233`,
/// `010203`.
fn stretched(path: &str) -> Vec<String> {
    let keys: Vec<char> = path.chars().collect();
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

/// Returns repetitions of one key, and of two to four keys.
fn repeats() -> Vec<String> {
    let keys: Vec<char> = (' '..='~').filter(|key| !key.is_ascii_uppercase()).collect();
    let plain = || ('0'..='9').chain('a'..='z');
    let held = keys
        .iter()
        .flat_map(|key| (MIN_WALK..=MAX_HELD).map(|times| key.to_string().repeat(times)));
    let pairs = plain().flat_map(|one| plain().map(move |other| format!("{one}{other}")));
    let threes = (0..1000).map(|number| format!("{number:03}"));
    let fours = (0..10_000).map(|number| format!("{number:04}"));
    let again = |unit: String, up_to: usize| {
        let times = MIN_WALK.div_ceil(unit.len())..=up_to / unit.len();
        times.map(move |times| unit.repeat(times)).collect::<Vec<_>>()
    };
    held.chain(pairs.flat_map(|unit| again(unit, 24)))
        .chain(threes.flat_map(|unit| again(unit, 24)))
        .chain(fours.flat_map(|unit| again(unit, 20)))
        .collect()
}

/// Returns a sentence without spaces, with spaces, and with hyphens, dots or underscores instead.
fn spelled(sentence: &str) -> Vec<String> {
    ["", " ", "-", ".", "_"].iter().map(|separator| sentence.replace(' ', separator)).collect()
}
