// One field of status in one row: its name in JSON, its sentence in relayctl(8), its value, and what
// Prometheus is told of it.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tsmtp::control {

using Json = nlohmann::ordered_json;

/// A sample of a metric: its labels, "direction=\"out\"", without that of the site, and its value.
struct Sample {
  std::string labels;
  std::variant<std::uint64_t, double> value;
};

template <typename Status>
struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::function<std::vector<Sample>(const Status&)> samples;
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

template <typename Status>
std::vector<Part> parts_of(const Fields<Status>& fields) {
  std::vector<Part> out;
  for (const Field<Status>& field : fields)
    out.push_back({field.name, field.sentence});
  return out;
}

}  // namespace tsmtp::control
