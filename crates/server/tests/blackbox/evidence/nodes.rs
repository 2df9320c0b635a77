//! Several nodes of one installation: one database, the same keys, no sticky sessions.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::service::{Service, Setup};

/// An installation of one node or of several.
pub(crate) struct Nodes(Vec<Service>);

impl Nodes {
    /// Starts one node on a database file, three on a database server.
    pub(crate) async fn start(setup: Setup) -> Self {
        let count = if setup.database.url().is_some() { 3 } else { 1 };
        let mut nodes = vec![setup.start().await];
        while nodes.len() < count {
            let another = nodes[0].another().await;
            nodes.push(another);
        }
        Self(nodes)
    }

    pub(crate) fn first(&self) -> &Service {
        &self.0[0]
    }

    pub(crate) fn all(&self) -> &[Service] {
        &self.0
    }

    pub(crate) fn all_mut(&mut self) -> &mut [Service] {
        &mut self.0
    }

    /// Gives every node the keys of the first, as an operator without a shared folder would.
    pub(crate) fn share_keys(&self) {
        let from = self.first().data.path().join("keys");
        for other in &self.0[1..] {
            let to = other.data.path().join("keys");
            for file in std::fs::read_dir(&from).unwrap() {
                let file = file.unwrap();
                // Never half a file under a name that is read.
                let (draft, name) = (to.join(".draft"), to.join(file.file_name()));
                std::fs::copy(file.path(), &draft).unwrap();
                std::fs::rename(draft, name).unwrap();
            }
        }
    }

    /// The nodes in turns.
    pub(crate) fn turn(&self, number: usize) -> &Service {
        &self.0[number % self.0.len()]
    }
}

impl Service {
    /// A further node, with a data folder of its own that has the same keys.
    pub(crate) async fn another(&self) -> Service {
        assert!(self.setup.database.url().is_some(), "a database file has one service");
        self.beside(self.setup.clone()).await
    }

    /// A further node that differs in one setting, for a moment even on a database file.
    #[cfg(feature = "fault-injection")]
    pub(crate) async fn another_with(&self, variable: &str, value: &str) -> Service {
        let url = match self.setup.database.url() {
            Some(url) => url.to_owned(),
            None => format!("sqlite://{}/vestibule.db", self.data.path().display()),
        };
        let setup = self.setup.clone().with("VESTIBULE_DATABASE__URL", &url);
        self.beside(setup.with(variable, value)).await
    }

    async fn beside(&self, setup: Setup) -> Service {
        let data = tempfile::tempdir().unwrap();
        copy_keys(self.data.path(), data.path());
        setup.start_in(data).await
    }
}

pub(crate) fn copy_keys(from: &Path, to: &Path) {
    let (from, to) = (from.join("keys"), to.join("keys"));
    std::fs::DirBuilder::new().mode(0o700).create(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
