"""What the benchmark makes of figures: ratios, tables, targets, plots, and where they go in a document."""

import json
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plot  # noqa: E402
import prose  # noqa: E402
from document import Document, replace_section  # noqa: E402
from figures import Measured, curves, number, spread  # noqa: E402
from programs import BenchError  # noqa: E402
from report import Report  # noqa: E402


def measured(**peers):
    """One metric, "x", of each peer; None in a turn that failed."""
    result = Measured()
    for peer, values in peers.items():
        for turn, value in enumerate(values):
            result.add(turn, peer, {} if value is None else {"x": value})
    return result


class Figures(unittest.TestCase):
    def test_three_digits_that_count(self):
        self.assertEqual(["0", "0.012", "1.23", "12.3", "1234"], [number(v) for v in (0, 0.0123, 1.234, 12.34, 1234.5)])

    def test_spread_is_median_minimum_maximum(self):
        self.assertEqual("2.00 (1.00–9.00)", spread([9, 1, 2]))
        self.assertEqual("2.00", spread([2, 2]))
        self.assertEqual("—", spread([]))

    def test_ratios_are_taken_within_a_turn(self):
        # The machine was half as fast in the second turn: both halve, and the ratio stays.
        self.assertEqual([2, 2], measured(relayd=[10, 5], other=[5, 2.5]).ratios("x", "relayd", "other"))

    def test_median_of_ratios_is_not_ratio_of_medians(self):
        self.assertEqual(1, measured(relayd=[1, 5, 9], other=[1, 9, 1]).ratio("x", "relayd", "other"))

    def test_curves_leave_out_what_failed(self):
        cases = [(1, measured(relayd=[5, 7], other=[None, None])), (2, measured(relayd=[3], other=[4]))]
        self.assertEqual({"relayd": [(1, 6), (2, 3)], "other": [(2, 4)]}, curves(cases, "x"))

    def test_a_turn_that_failed_has_no_ratio(self):
        both = measured(relayd=[10, 20, 30], other=[5, None, 10])
        self.assertEqual([2, 3], both.ratios("x", "relayd", "other"))
        self.assertEqual([5, 10], both.values("other", "x"))
        self.assertIsNone(both.ratio("x", "relayd", "nobody"))
        self.assertIsNone(both.median("nobody", "x"))


class Reports(unittest.TestCase):
    def setUp(self):
        self.report = Report("speed")

    def test_a_row_for_each_peer_with_its_ratio(self):
        self.report.compare(["case"], [(["one"], measured(relayd=[10, 20], other=[5, 5]))], {"x": "MB/s"})
        lines = self.report.markdown("from here").splitlines()
        self.assertEqual("| case | through | MB/s             | relayd ÷ it      |", lines[0])
        self.assertEqual("| one  | relayd  | 15.0 (10.0–20.0) |                  |", lines[2])
        self.assertEqual("| one  | other   | 5.00             | 3.00 (2.00–4.00) |", lines[3])
        self.assertEqual("from here", lines[-1])
        self.assertEqual([5, 5], self.report.raw["cases"]["one"]["other"]["x"])

    def test_targets(self):
        self.report.target("a", 0.8, at_most=0.8)
        self.report.target("b", 0.81, at_most=0.8)
        self.report.target("c", 1.4, at_least=1.5)
        self.report.target("d", None, at_least=1.5)
        self.assertEqual(["met", "**missed**", "**missed**", "not measured"], [t[-1] for t in self.report.raw["targets"]])

    def test_what_failed_is_told(self):
        self.report.failure("bulk", "stunnel", "it ended with status 1")
        self.assertIn("- failed: bulk, stunnel: it ended with status 1", self.report.markdown(""))

    def test_a_plot_without_points_is_left_out(self):
        self.report.plot("empty.svg", "nothing", "x", "y", {"relayd": []})
        self.assertEqual({}, self.report.plots)


class Plots(unittest.TestCase):
    def test_it_is_xml_with_a_line_for_each(self):
        text = plot.svg("a < b & c", "ms", "Mbit/s", {"relayd": [(1, 10), (2, 100)], "other": [(1, 3)], "failed": []})
        self.assertEqual(2, len(xml.dom.minidom.parseString(text).getElementsByTagName("polyline")))


class Documents(unittest.TestCase):
    TEXT = "before\n<!-- bench targets -->\n<!-- end targets -->\nprose\n<!-- bench speed -->\nold\n<!-- end speed -->\nafter\n"

    def test_only_what_is_between_the_markers_changes(self):
        text = replace_section(self.TEXT, "speed", "new")
        self.assertEqual(self.TEXT.replace("old", "new"), text)
        self.assertEqual(text, replace_section(text, "speed", "new"))

    def test_a_document_without_the_markers_is_refused(self):
        with self.assertRaises(BenchError):
            replace_section(self.TEXT, "memory", "new")

    def test_targets_of_all_experiments_are_kept(self):
        with tempfile.TemporaryDirectory() as work:
            path = Path(work) / "performance.md"
            path.write_text(self.TEXT + "<!-- bench size -->\n<!-- end size -->\n")
            for name in ("speed", "size"):
                report = Report(name)
                report.target(f"{name} of relayd", 1, at_most=2)
                report.plots["p.svg"] = "<svg/>"
                Document(path).write(report, "from here")
            head = path.read_text().partition("prose")[0]
            self.assertIn("speed of relayd", head)
            self.assertIn("size of relayd", head)
            self.assertEqual({"speed", "size"}, set(json.loads((Path(work) / "plots/results.json").read_text())))


class Prose(unittest.TestCase):
    def test_it_has_its_size_and_is_always_the_same(self):
        text = prose.text(50_000)
        self.assertEqual(50_000, len(text))
        self.assertEqual(text, prose.text(50_000))
        self.assertNotIn(b"\r\n.", text)
        self.assertTrue(all(len(line) <= 76 for line in text.split(b"\r\n")))


if __name__ == "__main__":
    unittest.main()
