//! What the definitions of the flags are good for besides: completions for shells, and manual pages.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, CommandFactory};

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
    write(&of, &mut page)?;
    // each section brings what only the first needs
    let page = String::from_utf8(page)?;
    let (first, rest) = page.split_at(page.find(".TH").unwrap_or_default());
    print(format!("{first}{}", rest.replace(first, "")).as_bytes())
}

/// A page with the sections that manual pages have.
fn write(of: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = clap_mangen::Man::new(of.clone()).source(format!("redite {}", env!("CARGO_PKG_VERSION")));
    man.render_title(page)?;
    man.render_name_section(page)?;
    write_synopsis(of, page)?;
    man.render_description_section(page)?;
    if of.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(page)?;
    }
    if of.get_subcommands().any(|command| !command.is_hide_set()) {
        man.render_subcommands_section(page)?;
    }
    let help = of.get_after_help().map(ToString::to_string).unwrap_or_default();
    for part in help.split("\n\n").filter(|part| !part.is_empty()) {
        write_part(part, page)?;
    }
    if of.get_version().is_some() {
        man.render_version_section(page)?;
    }
    Ok(())
}

/// How it is called, with the value that each flag takes.
fn write_synopsis(of: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    write!(page, ".SH SYNOPSIS\n\\fB{}\\fR", escaped(of.get_bin_name().unwrap_or_default()))?;
    let values = |argument: &Arg| {
        let names = argument.get_value_names().unwrap_or_default();
        names.iter().map(|name| escaped(name)).collect::<Vec<_>>().join(" ")
    };
    let switches = of.get_arguments().filter(|argument| is_switch(argument));
    let mut flags: Vec<&Arg> = of.get_opts().chain(switches).collect();
    flags.sort_by_key(|flag| flag.is_required_set());
    for flag in flags {
        let Some(long) = flag.get_long().filter(|_| !flag.is_hide_set()) else { continue };
        let short = flag.get_short().map(|short| format!("\\fB\\-{short}\\fR|")).unwrap_or_default();
        let value = if is_switch(flag) { String::new() } else { format!(" \\fI{}\\fR", values(flag)) };
        let told = format!("{short}\\fB\\-\\-{}\\fR{value}", escaped(long));
        page.extend(if flag.is_required_set() { format!(" {told}") } else { format!(" [{told}]") }.bytes());
    }
    for argument in of.get_positionals().filter(|argument| !argument.is_hide_set()) {
        let several =
            if argument.get_num_args().is_some_and(|most| most.max_values() > 1) { "..." } else { "" };
        let told = format!("\\fI{}\\fR{several}", values(argument));
        page.extend(
            if argument.is_required_set() { format!(" {told}") } else { format!(" [{told}]") }.bytes(),
        );
    }
    if of.get_subcommands().any(|command| !command.is_hide_set()) {
        page.extend(b" \\fICOMMAND\\fR");
    }
    writeln!(page)
}

fn is_switch(argument: &Arg) -> bool {
    !argument.is_positional() && !argument.get_action().takes_values()
}

/// What stands behind the flags of a help, its heading first, in the section that it belongs to.
fn write_part(part: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let (heading, lines) = part.split_once('\n').unwrap_or((part, ""));
    if heading == "Exit codes:" {
        writeln!(page, ".SH \"EXIT STATUS\"")?;
        for line in lines.lines() {
            let (code, meaning) = line.trim().split_once(' ').unwrap_or((line, ""));
            writeln!(page, ".TP\n\\fB{code}\\fR\n{}", escaped(meaning.trim()))?;
        }
        return Ok(());
    }
    let heading = if heading.starts_with("Example") { "EXAMPLES" } else { "NOTES" };
    writeln!(page, ".SH {heading}\n.nf\n{}\n.fi", escaped(if lines.is_empty() { part } else { lines }))
}

/// As roff takes it: a hyphen as it is typed, and no line that begins as a request does.
fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let lines = escaped
        .lines()
        .map(|line| if line.starts_with('.') { format!("\\&{line}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

fn print(bytes: &[u8]) -> anyhow::Result<ExitCode> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
