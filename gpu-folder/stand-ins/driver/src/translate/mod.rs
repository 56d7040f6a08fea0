//! Makes C of a kernel.
//!
//! A kernel becomes two functions. `thread` is what one thread of the GPU does, instruction by instruction;
//! its registers are the fields of a struct. `kernel` calls it for all threads of some blocks, one after the
//! other. Where threads wait for those of their block, at a barrier, `thread` returns, and goes on from there
//! at its next call.
//!
//! What is left to the implementation on a GPU, such as the last bit of `ex2.approx`, is as C's functions have it.

mod arithmetic;
mod kind;

use std::collections::HashMap;
use std::fmt::Write;

use anyhow::{Context, Result, bail, ensure};

use self::arithmetic::{arithmetic, compared, conversion, converted};
use self::kind::Kind;
use crate::ptx::{Instruction, Kernel, Module, Statement};

const PRELUDE: &str = include_str!("prelude.c");
/// One block, where no thread waits for another.
const BLOCK: &str = include_str!("block.c");
/// One block whose threads wait for each other.
const BLOCK_WITH_BARRIERS: &str = include_str!("block_with_barriers.c");
/// Some blocks, one after the other.
const KERNEL: &str = include_str!("kernel.c");

/// A kernel as C.
#[derive(Debug)]
pub struct Translated {
    /// It has a function `kernel(parameters, size of the grid, size of a block, first block, last block + 1)`, which
    /// returns 0, or 1 if a thread gave up.
    pub c: String,
    /// Whether its blocks know nothing of each other: then they may run at the same time. An atomic operation ends
    /// that, since here it is a plain one.
    pub has_blocks_apart: bool,
}

/// Translates a kernel.
pub fn to_c(module: &Module, kernel: &Kernel) -> Result<Translated> {
    let mut translator = Translator::new(module, kernel)?;
    for statement in &kernel.body {
        match statement {
            Statement::Label(name) => translator.line(&format!("{}: ;", identifier(name))),
            Statement::Instruction(instruction) => {
                let told = || {
                    let Instruction { opcode, operands, .. } = instruction;
                    format!("`{} {}` is not known here", opcode.join("."), operands.join(", "))
                };
                let c = translator.instruction(instruction).with_context(told)?;
                translator.guarded(instruction, &c)?;
            }
        }
    }
    let has_blocks_apart = !translator.is_atomic;
    Ok(Translated { c: translator.finish(), has_blocks_apart })
}

struct Translator<'a> {
    kernel: &'a Kernel,
    /// By their name: whole, or without the number.
    registers: HashMap<&'a str, Kind>,
    /// Names of memory, and C for their address.
    addresses: HashMap<&'a str, String>,
    shared_bytes: usize,
    barriers: usize,
    is_atomic: bool,
    head: String,
    body: String,
}

impl<'a> Translator<'a> {
    fn new(module: &'a Module, kernel: &'a Kernel) -> Result<Self> {
        let mut head = PRELUDE.to_string();
        let mut addresses = HashMap::new();
        for table in &module.tables {
            let name = identifier(&table.name);
            writeln!(
                head,
                "static const uint8_t {name}[] __attribute__((aligned(16))) = {{{}}};",
                table.bytes
            )?;
            addresses.insert(&*table.name, format!("(uint64_t)(uintptr_t){name}"));
        }
        head.push_str("struct registers {\n  int at;\n");
        let mut registers = HashMap::new();
        for group in &kernel.registers {
            let kind = Kind::read(&group.kind)?;
            registers.insert(&*group.name, kind);
            for number in 0..group.count.unwrap_or(1) {
                let number = group.count.map(|_| number.to_string()).unwrap_or_default();
                writeln!(head, "  {} {}{number};", kind.c(), identifier(&group.name))?;
            }
        }
        for memory in &kernel.local {
            let name = identifier(&memory.name);
            writeln!(head, "  char {name}[{}] __attribute__((aligned(16)));", memory.bytes)?;
            addresses.insert(&*memory.name, format!("(uint64_t)(uintptr_t)r->{name}"));
        }
        head.push_str("};\n");
        let mut shared_bytes = 0;
        for memory in &kernel.shared {
            addresses.insert(&*memory.name, shared_bytes.to_string());
            shared_bytes += memory.bytes.next_multiple_of(16);
        }
        Ok(Self {
            kernel,
            registers,
            addresses,
            shared_bytes,
            barriers: 0,
            is_atomic: false,
            head,
            body: String::new(),
        })
    }

    fn line(&mut self, c: &str) {
        self.body.push_str(c);
        self.body.push('\n');
    }

    fn guarded(&mut self, instruction: &Instruction, c: &str) -> Result<()> {
        match &instruction.guard {
            Some(guard) => self.line(&format!("if ({}) {{ {c} }}", self.predicate(guard)?)),
            None => self.line(&format!("{{ {c} }}")),
        }
        Ok(())
    }

    /// A predicate, or with `!` its contrary.
    fn predicate(&self, operand: &str) -> Result<String> {
        match operand.strip_prefix('!') {
            Some(operand) => Ok(format!("!{}", self.read(operand, Kind::Predicate)?)),
            None => self.read(operand, Kind::Predicate),
        }
    }

    fn register(&self, operand: &str) -> Option<(String, Kind)> {
        let kind = self.registers.get(operand).or_else(|| {
            self.registers.get(operand.trim_end_matches(|c: char| c.is_ascii_digit()))
        })?;
        Some((format!("r->{}", identifier(operand)), *kind))
    }

    /// Which parameter of the kernel has this name.
    fn parameter(&self, name: &str) -> Option<usize> {
        self.kernel.parameters.iter().position(|parameter| parameter == name)
    }

    /// C for the value of an operand, of the type `kind`.
    fn read(&self, operand: &str, kind: Kind) -> Result<String> {
        if let Some((c, own)) = self.register(operand) {
            return Ok(converted(&c, own, kind));
        }
        if let Some(c) = special(operand) {
            return Ok(format!("({})({c})", kind.c()));
        }
        if let Some(address) = self.addresses.get(operand) {
            return Ok(format!("({})({address})", kind.c()));
        }
        if let Some(at) = self.parameter(operand) {
            return Ok(format!("({})(uintptr_t)p[{at}]", kind.c()));
        }
        let float =
            |prefix: [&str; 2]| prefix.iter().find_map(|prefix| operand.strip_prefix(prefix));
        if let Some(bits) = float(["0f", "0F"]) {
            return Ok(converted(&format!("float_of_bits(0x{bits}u)"), Kind::Float(32), kind));
        }
        if let Some(bits) = float(["0d", "0D"]) {
            return Ok(converted(&format!("double_of_bits(0x{bits}ull)"), Kind::Float(64), kind));
        }
        let number: i128 = operand.trim_end_matches('U').parse().context("an operand")?;
        ensure!(!kind.is_float(), "a number of another type");
        // The smallest number of 64 bits cannot be written with a minus.
        let number = u64::try_from(number).unwrap_or(number as i64 as u64);
        Ok(format!("({}){number}ull", kind.c()))
    }

    /// C that puts `value`, which is of the type `kind`, into a register.
    fn write(&self, operand: &str, kind: Kind, value: &str) -> Result<String> {
        if operand == "_" {
            return Ok(format!("(void)({value});"));
        }
        let (c, own) = self.register(operand).context("the result goes into a register")?;
        let value = format!("({})({value})", kind.c());
        Ok(format!("{c} = {};", converted(&value, kind, own)))
    }

    /// C for the address `[%rd1+4]` in the memory `space`.
    fn address(&self, space: &str, operand: &str) -> Result<String> {
        let inner = operand.strip_prefix('[').and_then(|o| o.strip_suffix(']'));
        let inner = inner.context("an address has brackets")?;
        let (base, offset) = inner.split_once('+').unwrap_or((inner, "0"));
        let offset: i64 = offset.parse().context("an offset")?;
        if space == "param" {
            return Ok(match self.parameter(base) {
                Some(at) => format!("(const char *)p[{at}] + {offset}"),
                // The address of a parameter may be worked with, as that of any other memory.
                None => {
                    let base = self.read(base, Kind::Unsigned(64))?;
                    format!("(const char *)(uintptr_t)({base} + {offset})")
                }
            });
        }
        let base = self.read(base, Kind::Unsigned(64))?;
        Ok(match space {
            "shared" => format!("shared + (uint32_t)({base} + {offset})"),
            "global" | "local" | "const" => format!("(char *)(uintptr_t)({base} + {offset})"),
            _ => bail!("no memory `{space}`"),
        })
    }

    /// C for an instruction, without its guard.
    fn instruction(&mut self, instruction: &Instruction) -> Result<String> {
        let words: Vec<&str> = instruction.opcode.iter().map(String::as_str).collect();
        let operands: Vec<&str> = instruction.operands.iter().map(String::as_str).collect();
        match (&words[..], &operands[..]) {
            (["bra"] | ["bra", "uni"], [label]) => Ok(format!("goto {};", identifier(label))),
            (["ret" | "exit"], []) => Ok("return DONE;".to_string()),
            (["bar", "sync"], ["0"]) => {
                self.barriers += 1;
                let n = self.barriers;
                Ok(format!("r->at = {n}; return WAITS; barrier_{n}: ;"))
            }
            // The arguments of a function. The only one that is known takes none that matter.
            (["st", "param", ..], _) => Ok(String::new()),
            (["call", ..], _) if operands.contains(&"__assertfail") => {
                Ok("return FAILED;".to_string())
            }
            (["cvta", ..], [to, from]) => {
                let kind = Kind::Unsigned(64);
                self.write(to, kind, &self.read(from, kind)?)
            }
            (["cvt", modifiers @ .., to_kind, from_kind], [to, from]) => {
                let (to_kind, from_kind) = (Kind::read(to_kind)?, Kind::read(from_kind)?);
                let value = self.read(from, from_kind)?;
                self.write(to, to_kind, &conversion(modifiers, to_kind, from_kind, &value)?)
            }
            // Copies while the thread goes on: here they are done at once. Beyond `count` bytes come zeros.
            (["cp", "async", "commit_group" | "wait_group"], _) => Ok(String::new()),
            (["cp", "async", "ca" | "cg", "shared", "global"], [to, from, size, count]) => {
                let (to, from) = (self.address("shared", to)?, self.address("global", from)?);
                let count = self.read(count, Kind::Unsigned(32))?;
                Ok(format!(
                    "char *to = {to}; uint32_t n = {count}; memcpy(to, {from}, n); memset(to + n, 0, {size} - n);"
                ))
            }
            // One thread of a block runs at a time, and what it writes is there at once.
            (["membar" | "fence", ..], _) => Ok(String::new()),
            (["ld" | "st", ..], _) => self.load_or_store(&words, &operands),
            (["atom", "global", operation, kind], [to, address, values @ ..]) => {
                self.is_atomic = true;
                let kind = Kind::read(kind)?;
                let address = self.address("global", address)?;
                let new = self.atomic(operation, kind, values)?;
                let c = kind.c();
                let old = self.write(to, kind, "old")?;
                Ok(format!("{c} *a = ({c} *)({address}); {c} old = *a; *a = {new}; {old}"))
            }
            (["setp", comparison, logic @ .., kind], [to, a, b, others @ ..]) => {
                let kind = Kind::read(kind)?;
                let value = compared(comparison, kind, &self.read(a, kind)?, &self.read(b, kind)?)?;
                let value = match (logic, others) {
                    ([], []) => value,
                    (["and"], [other]) => format!("({value}) & {}", self.predicate(other)?),
                    (["or"], [other]) => format!("({value}) | {}", self.predicate(other)?),
                    _ => bail!("a comparison"),
                };
                self.write(to, Kind::Predicate, &value)
            }
            (["selp", kind], [to, a, b, which]) => {
                let kind = Kind::read(kind)?;
                let (a, b) = (self.read(a, kind)?, self.read(b, kind)?);
                self.write(to, kind, &format!("{} ? {a} : {b}", self.predicate(which)?))
            }
            ([name, modifiers @ .., kind], [to, from @ ..]) => {
                let kind = Kind::read(kind)?;
                let mut values = Vec::new();
                for (at, operand) in from.iter().enumerate() {
                    // By how much something is shifted, and what is added to a wide product, has a type of its own.
                    let kind = match (*name, modifiers, at) {
                        ("shl" | "shr", _, 1) => Kind::Unsigned(32),
                        ("mad", ["wide"], 2) => kind.wide(),
                        _ => kind,
                    };
                    values.push(self.read(operand, kind)?);
                }
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                let result = if modifiers == ["wide"] { kind.wide() } else { kind };
                self.write(to, result, &arithmetic(name, modifiers, kind, &values)?)
            }
            _ => bail!("an instruction"),
        }
    }

    fn load_or_store(&self, words: &[&str], operands: &[&str]) -> Result<String> {
        // An address of any memory is one of the GPU's here.
        let any: Vec<&str>;
        let words = match words {
            [name, kind] => {
                any = vec![name, "global", kind];
                &any
            }
            [name, count @ ("v2" | "v4"), kind] => {
                any = vec![name, "global", count, kind];
                &any
            }
            _ => words,
        };
        let (is_load, space, kind, count) = match words {
            // `nc` and `cg` are about caches.
            [name, space, kind] | [name, space, "nc" | "cg", kind] => {
                (*name == "ld", space, kind, 1)
            }
            [name, space, "v2", kind] | [name, space, "nc" | "cg", "v2", kind] => {
                (*name == "ld", space, kind, 2)
            }
            [name, space, "v4", kind] | [name, space, "nc" | "cg", "v4", kind] => {
                (*name == "ld", space, kind, 4)
            }
            _ => bail!("a way to load or store"),
        };
        let kind = Kind::read(kind)?;
        let [first, second] = operands else { bail!("two operands") };
        let (address, list) = if is_load { (second, first) } else { (first, second) };
        let (address, c) = (self.address(space, address)?, kind.c());
        let list: Vec<&str> = list.trim_matches(['{', '}']).split(',').collect();
        ensure!(list.len() == count, "{count} registers");
        let mut lines = format!("{c} *a = ({c} *)({address});");
        for (at, operand) in list.into_iter().enumerate() {
            match is_load {
                true => lines += &self.write(operand, kind, &format!("a[{at}]"))?,
                false => lines += &format!("a[{at}] = {};", self.read(operand, kind)?),
            }
        }
        Ok(lines)
    }

    /// What an atomic operation puts in place of `old`. Only one thread runs at a time.
    fn atomic(&self, operation: &str, kind: Kind, operands: &[&str]) -> Result<String> {
        let values = operands.iter().map(|o| self.read(o, kind)).collect::<Result<Vec<_>>>()?;
        Ok(match (operation, &values[..]) {
            ("add", [value]) => format!("old + {value}"),
            ("min", [value]) => format!("{value} < old ? {value} : old"),
            ("max", [value]) => format!("{value} > old ? {value} : old"),
            ("exch", [value]) => value.clone(),
            ("cas", [expected, value]) => format!("old == {expected} ? {value} : old"),
            _ => bail!("no such operation"),
        })
    }

    fn finish(self) -> String {
        let Self { mut head, body, barriers, shared_bytes, .. } = self;
        let cases: String =
            (1..=barriers).map(|n| format!(" case {n}: goto barrier_{n};")).collect();
        let jump =
            if barriers > 0 { format!("switch (r->at) {{{cases} }}\n") } else { String::new() };
        head += "static inline __attribute__((always_inline)) int thread(\n    \
            struct registers *r, const void *const *p, const struct place *place, char *shared) {\n";
        head += &jump;
        head += &body;
        head += "return DONE;\n}\n";
        head += &format!("enum {{ SHARED = {} }};\n", shared_bytes.max(1));
        head += if barriers > 0 { BLOCK_WITH_BARRIERS } else { BLOCK };
        head + KERNEL
    }
}

/// A name of PTX as one of C: without `%` and `$`.
fn identifier(name: &str) -> String {
    name.replace('%', "").replace(['$', '.'], "_")
}

/// The number of a thread or a block, or how many there are.
fn special(operand: &str) -> Option<String> {
    let (name, axis) = operand.strip_prefix('%')?.split_once('.')?;
    let axis = ["x", "y", "z"].iter().position(|other| *other == axis)?;
    ["tid", "ntid", "ctaid", "nctaid"].contains(&name).then(|| format!("place->{name}[{axis}]"))
}
