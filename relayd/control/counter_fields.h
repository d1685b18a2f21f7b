// Fields, phrases and metrics made from the rows of counters, which stand beside the counters themselves.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/counter_row.h"
#include "relayd/control/field.h"
#include "relayd/control/field_forms.h"

namespace tsmtp::control {

/// `of` gives the counters of a Status: a member, or a function.
template <typename Status, typename Counters, std::size_t kCount, typename Of>
Fields<Status> counter_fields(const std::array<base::CounterRow<Counters>, kCount>& rows, Of of) {
  Fields<Status> out;
  for (const base::CounterRow<Counters>& row : rows) {
    if (row.name.empty()) continue;
    const auto value = [of, member = row.value](const Status& status) {
      return std::invoke(of, status).*member;
    };
    Field<Status> field{.name = row.name, .sentence = row.sentence, .json = [value](const Status& status) {
                          return Json(value(status));
                        }};
    if (!row.words.empty())
      field = std::move(field).said(kOnlyLine, [value, words = row.words](const Status& status) {
        const std::uint64_t count = value(status);
        return count == 0 ? std::string() : fmt::format(fmt::runtime(words), count);
      });
    out.push_back(std::move(field));
  }
  return out;
}

/// Counters of one kind, and the labels that tell them from others of that kind.
template <typename Counters>
struct Labelled {
  std::string labels;
  const Counters* counters;
};

/// The metrics that the rows name. `sets` gives the counters of a Status, as a vector of Labelled.
template <typename Status, typename Counters, std::size_t kCount, typename Sets>
std::vector<Metric<Status>> counter_metrics(const std::array<base::CounterRow<Counters>, kCount>& rows,
                                            Sets sets) {
  std::vector<Metric<Status>> out;
  for (const base::CounterRow<Counters>& first : rows) {
    if (first.metric.empty() || std::ranges::find(out, first.metric, &Metric<Status>::name) != out.end())
      continue;
    out.push_back({first.metric, first.metric.ends_with("_total") ? kCounter : kGauge, first.help,
                   [sets, &rows, name = first.metric](const Status& status) {
                     std::vector<Sample> samples;
                     for (const auto& [labels, counters] : sets(status))
                       for (const base::CounterRow<Counters>& row : rows)
                         if (row.metric == name)
                           samples.push_back(
                               {fmt::format("{}{}{}", labels, labels.empty() || row.label.empty() ? "" : ",",
                                            row.label),
                                counters->*row.value});
                     return samples;
                   }});
  }
  return out;
}

}  // namespace tsmtp::control
