// One field of status in one row: its name in JSON, its sentence in relayctl(8), its value, what the text
// says of it, and what Prometheus is told of it.
#pragma once

#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

using Json = nlohmann::ordered_json;

/// A sample of a metric: its labels, "direction=\"out\"", without that of the site, and its value.
struct Sample {
  std::string labels;
  std::variant<std::uint64_t, double> value;
  std::string_view suffix{};  ///< of a histogram: "_bucket", "_sum", "_count"
};

template <typename Status>
struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::function<std::vector<Sample>(const Status&)> samples;
};

/// What `relayctl status` says in words, printable ASCII; empty: nothing. A line end in it begins another
/// line.
template <typename Status>
struct Phrase {
  int line;  ///< phrases of one line follow each other in the order of their rows
  std::function<std::string(const Status&, base::WallTime now)> text;
};

/// A field of a field that is an object, for the manual.
struct Part {
  std::string_view name;
  std::string_view sentence;
};

template <typename Status>
struct Field {
  std::string_view name;
  std::string_view sentence;  ///< as mdoc(7)
  std::function<Json(const Status&)> json;
  std::vector<Metric<Status>> metrics{};
  std::vector<Part> parts{};
  std::vector<Phrase<Status>> phrases{};

  /// The same row, with a phrase. `text`: of Status and the time, or of Status.
  template <typename Line, typename Text>
  Field said(Line line, Text text) && {
    if constexpr (std::is_invocable_v<Text, const Status&, base::WallTime>)
      phrases.push_back({static_cast<int>(line), std::move(text)});
    else
      phrases.push_back(
          {static_cast<int>(line),
           [text = std::move(text)](const Status& status, base::WallTime) { return text(status); }});
    return std::move(*this);
  }
  /// The same row, with metrics.
  Field measured(std::vector<Metric<Status>> more) && {
    metrics.insert(metrics.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return std::move(*this);
  }
};

template <typename Status>
using Fields = std::vector<Field<Status>>;

template <typename Status>
Json to_json(const Status& status, const Fields<Status>& fields) {
  Json out = Json::object();
  for (const Field<Status>& field : fields)
    out[std::string(field.name)] = field.json(status);
  return out;
}

/// By line; one of which nothing is said is not there.
template <typename Status>
std::map<int, std::string> to_lines(const Status& status, const Fields<Status>& fields, base::WallTime now) {
  std::map<int, std::string> out;
  for (const Field<Status>& field : fields)
    for (const Phrase<Status>& phrase : field.phrases)
      if (const std::string text = phrase.text(status, now); !text.empty()) out[phrase.line] += text;
  return out;
}

/// The line of a struct whose fields are told within the line of another.
inline constexpr int kOnlyLine = 0;

template <typename Status>
std::string in_words(const Status& status, const Fields<Status>& fields, base::WallTime now) {
  return to_lines(status, fields, now)[kOnlyLine];
}

template <typename Status>
std::vector<Part> parts_of(const Fields<Status>& fields) {
  std::vector<Part> out;
  for (const Field<Status>& field : fields)
    out.push_back({field.name, field.sentence});
  return out;
}

}  // namespace tsmtp::control
