//! A picture of a net, made from its summary.

use std::fmt::Write as _;
use std::io;

use mdbook_literate::display::{self, Figure};

use super::summary::Summary;
use crate::nn::LayerSummary;

/// In CSS pixels: the figure's width, that of the widest block, and where the text starts.
const WIDTH: usize = 470;
const BLOCK: f64 = 130.0;
const TEXT: usize = 150;
/// From one block to the next.
const STEP: usize = 52;

/// Layers in a row whose outputs have the same shape.
struct Stage<'a> {
    output: &'a [usize],
    layers: Vec<&'a LayerSummary>,
}

impl Summary {
    /// Shows the net as a diagram, from top to bottom: a block for each shape that the activations take,
    /// as wide as a picture has columns and the higher the more channels it has, with the layers that
    /// lead there.
    ///
    /// # Errors
    /// If the picture file cannot be written.
    ///
    /// ```no_run
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// learn.summary()?.show_diagram("net")?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn show_diagram(&self, name: &str) -> io::Result<()> {
        display::show(name, Figure::Svg(&self.diagram()))
    }

    /// The diagram as an SVG document.
    fn diagram(&self) -> String {
        let stages = self.stages();
        let widest = stages.iter().map(|stage| columns(stage.output)).max().unwrap_or(1) as f64;
        let height = STEP * stages.len();
        let mut svg = format!(
            "<svg width=\"{WIDTH}\" viewBox=\"0 0 {WIDTH} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" fill=\"currentColor\">\n"
        );
        for (at, stage) in stages.iter().enumerate() {
            let middle = STEP * at + STEP / 2;
            let width = (BLOCK * columns(stage.output) as f64 / widest).max(3.0);
            let high = 6.0 + 3.0 * (stage.output.get(1).copied().unwrap_or(1) as f64).log2();
            let (left, top) = (BLOCK / 2.0 + 5.0 - width / 2.0, middle as f64 - high / 2.0);
            let _ = writeln!(
                svg,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{high:.1}\" \
                 fill=\"#1f77b4\" fill-opacity=\"0.6\"/>"
            );
            for (line, text) in [(middle - 4, shape(stage.output)), (middle + 12, stage.text())] {
                let _ =
                    writeln!(svg, "<text x=\"{TEXT}\" y=\"{line}\" font-size=\"12\">{text}</text>");
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn stages(&self) -> Vec<Stage<'_>> {
        let mut stages = vec![Stage { output: &self.input, layers: Vec::new() }];
        for layer in &self.layers {
            match stages.last_mut() {
                Some(stage) if stage.output == layer.output => stage.layers.push(layer),
                _ => stages.push(Stage { output: &layer.output, layers: vec![layer] }),
            }
        }
        stages
    }
}

impl Stage<'_> {
    /// Its layers: how many of each kind, in the order in which they come up.
    fn text(&self) -> String {
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for layer in &self.layers {
            match kinds.iter_mut().find(|(name, _)| *name == layer.name) {
                Some((_, count)) => *count += 1,
                None => kinds.push((&layer.name, 1)),
            }
        }
        let text = |(name, count): &(&str, usize)| match count {
            1 => name.to_string(),
            _ => format!("{count} {name}"),
        };
        match kinds.is_empty() {
            true => "input".into(),
            false => kinds.iter().map(text).collect::<Vec<_>>().join(", "),
        }
    }
}

/// How many columns a picture has; 1 if it is none.
fn columns(output: &[usize]) -> usize {
    output.get(3).copied().unwrap_or(1)
}

/// The shape without the batch.
fn shape(output: &[usize]) -> String {
    output.iter().skip(1).map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_with_the_same_output_share_a_block() {
        let layer = |name: &str, output: &[usize]| LayerSummary {
            name: name.into(),
            output: output.into(),
            parameters: 0,
        };
        let summary = Summary {
            input: vec![64, 3, 28, 28],
            layers: vec![
                layer("Conv2d", &[64, 8, 14, 14]),
                layer("ReLU", &[64, 8, 14, 14]),
                layer("Conv2d", &[64, 8, 14, 14]),
                layer("Linear", &[64, 2]),
            ],
            parameters: 0,
        };
        let texts: Vec<String> = summary.stages().iter().map(Stage::text).collect();
        assert_eq!(texts, ["input", "2 Conv2d, ReLU", "Linear"]);
        let svg = summary.diagram();
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("8 × 14 × 14") && svg.contains(">2</text>"), "{svg}");
    }
}
