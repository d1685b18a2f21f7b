// "did you mean": the known word that is nearest to one that is not known.
#pragma once

#include <string_view>
#include <vector>

namespace tsmtp::base {

/// The word of `known` that takes the fewest insertions, deletions, replacements and swaps of neighbours to
/// make from `word`; empty when none is near enough to be meant (more than a third of its length away).
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace tsmtp::base
