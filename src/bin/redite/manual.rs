//! What the definitions of the flags are good for besides: completions for shells, and manual pages.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, Usage};

/// Prints a script for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    let mut all = Cli::command().mut_subcommand("query", |query| listed_of_query(&query));
    clap_complete::generate(shell, &mut all, "redite", &mut script);
    print(&script)
}

/// `query` without the flags that its help does not list.
fn listed_of_query(command: &clap::Command) -> clap::Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let about = command.get_about().cloned().unwrap_or_default();
    clap::Command::new("query").about(about).args(arguments)
}

/// Prints the manual page of a command, of one of its own (`index verify`), or of all.
pub(crate) fn page(command: &[String]) -> anyhow::Result<ExitCode> {
    // that it is there is told by all others
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    let mut of = &all;
    let mut path = "redite".to_owned();
    for name in command.iter().flat_map(|words| words.split_whitespace()) {
        let known = |command: &clap::Command| !command.is_hide_set() && command.get_name() != "help";
        let mut commands = of.get_subcommands().filter(|command| known(command));
        let names: Vec<&str> =
            of.get_subcommands().filter(|c| known(c)).map(clap::Command::get_name).collect();
        let wrong = || match &names[..] {
            [] => Usage(format!("`{name}`: `{path}` has no commands of its own")),
            names => Usage(format!("`{name}`: no such command, expected one of {}", names.join(", "))),
        };
        of = commands.find(|command| command.get_name() == name).ok_or_else(wrong)?;
        path = format!("{path} {name}");
    }
    let of = of.clone().display_name(path.replace(' ', "-")).bin_name(path);
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
