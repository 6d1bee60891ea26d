//! temporary
use std::io::Write;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let inputs: Vec<std::path::PathBuf> = args[3..].iter().map(Into::into).collect();
    let mut params = redite::params::Params::audit();
    params.threshold = args[1].parse().unwrap();
    rayon::ThreadPoolBuilder::new().num_threads(args[2].parse().unwrap()).build_global().unwrap();
    let sources = redite::read::sources::find(&inputs, None).unwrap();
    let o = redite::pipeline::audit(sources, &params, &Default::default(), &Default::default()).unwrap();
    let t = std::time::Instant::now();
    let mut w = std::io::BufWriter::new(std::fs::File::create("/tmp/m.jsonl").unwrap());
    redite::report::matches::write(&o, &mut w).unwrap();
    w.flush().unwrap();
    println!("{} write {:?}", serde_json::to_string(o.summary()).unwrap(), t.elapsed());
}
