//! Which cells are compared how, and why.
//!
//! On a CPU and on a GPU alike, each cell has to print what the book shows, as in the book's own tests: each sum has the same
//! order there, and functions such as `exp` are the same code. So no number may be off, not even by its last digit, and no
//! weight of a trained net by a bit. Each dry run (`gpu-folder/dry-run`) tries it with the GPU's own kernels.
//!
//! Only what names the device is another text there: the type of a tensor, [`Rule::OtherDevice`].

use crate::compare::Rule;

/// The rule for a cell; `gpu` says whether it ran there.
///
/// ```
/// use gpu_folder::compare::Rule;
/// use gpu_folder::rules::rule;
///
/// assert_eq!(rule(true, "15_resnet", "fit"), Rule::Exact);
/// assert_eq!(rule(true, "02_pixels", "im3_t_type"), Rule::OtherDevice);
/// assert_eq!(rule(false, "02_pixels", "im3_t_type"), Rule::Exact);
/// ```
pub fn rule(gpu: bool, chapter: &str, cell: &str) -> Rule {
    match (chapter, cell) {
        ("02_pixels", "im3_t_type") | ("03_pixel_similarity", "three_tensors_type") if gpu => {
            Rule::OtherDevice
        }
        _ => Rule::Exact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::CHAPTERS;

    #[test]
    fn a_cell_that_names_the_cpu_has_the_rule_for_it() {
        for chapter in CHAPTERS {
            for cell in chapter.cells {
                let rule = rule(true, chapter.name, cell.name);
                assert_eq!(
                    cell.accepted().contains(", Cpu>"),
                    rule == Rule::OtherDevice,
                    "{}",
                    cell.name
                );
            }
        }
    }
}
