//! What the definitions of the flags are good for besides: completions for shells, and manual pages.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, Usage};

/// Prints a script for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "redite", &mut script);
    print(&script)
}

/// Prints the manual page of a command, or of all.
pub(crate) fn page(command: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut all = Cli::command();
    all.build();
    let of = match command {
        None => all,
        Some(name) => {
            let known = |command: &clap::Command| !command.is_hide_set() && command.get_name() != "help";
            let names: Vec<&str> = all.get_subcommands().filter(|c| known(c)).map(|c| c.get_name()).collect();
            let wrong = || Usage(format!("`{name}`: no such command, expected one of {}", names.join(", ")));
            let found = all.get_subcommands().find(|command| command.get_name() == name);
            let found = found.ok_or_else(wrong)?.clone();
            let title = format!("redite-{name}");
            found.display_name(title).bin_name(format!("redite {name}"))
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(of).render(&mut page)?;
    print(&page)
}

fn print(bytes: &[u8]) -> anyhow::Result<ExitCode> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
