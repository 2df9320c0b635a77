//! The commands of an operator, beside a running service: accounts, keys, mail, and the service's
//! own start and end.

mod accounts;
mod import;
mod keys;
mod mail;
mod operations;
mod running;

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::service::Service;

/// The result of a command.
#[derive(Debug)]
struct Ended {
    code: i32,
    output: String,
    errors: String,
}

impl Ended {
    /// Asserts success and returns the standard output.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.output
    }

    /// Asserts a failure whose message contains all of these texts.
    #[track_caller]
    fn fails_with(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.output.as_str()), (code, ""), "{self:?}");
        assert!(self.errors.starts_with("error: "), "{self:?}");
        for word in words {
            assert!(self.errors.contains(word), "{word:?} is not in {:?}", self.errors);
        }
    }
}

async fn end(mut command: Command, input: &str) -> Ended {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // What does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(Duration::from_mins(5), child.wait_with_output());
    let output = output.await.expect("an end in time").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (output, errors, code) = (text(output.stdout), text(output.stderr), output.status.code());
    Ended { code: code.expect("an exit code"), output, errors }
}

/// Runs a command on the service's data.
async fn run(service: &Service, arguments: &[&str], input: &str) -> Ended {
    end(service.setup.command(service.data.path(), arguments), input).await
}
