#include "relayd/etcd/json_fields.h"

#include <charconv>
#include <limits>

#include "relayd/etcd/base64.h"

namespace tsmtp::etcd {

using nlohmann::json;

namespace {

base::Error wrong_field(const char* key) {
  return {std::string("its answer has a wrong \"") + key + '"'};
}

// Nothing that etcd says is deeper; a value inside a value costs fifty bytes for one.
bool is_too_deep(std::string_view text) {
  constexpr int kMaxDepth = 24;
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      is_in_string = c != '"';
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

base::Result<json> parse_object(std::string_view text) {
  if (is_too_deep(text)) return base::Error{"its answer is nested too deeply"};
  json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return base::Error{"its answer is not a JSON object"};
  return base::Result<json>(boost::system::in_place_value, std::move(parsed));
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

base::Result<std::int64_t> number_at(const json& object, const char* key) {
  const json* value = member(object, key);
  if (value == nullptr) return std::int64_t{0};
  if (value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return wrong_field(key);
    return static_cast<std::int64_t>(number);
  }
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (!value->is_string()) return wrong_field(key);
  const auto& text = value->get_ref<const std::string&>();
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return wrong_field(key);
  return number;
}

base::Result<bool> flag_at(const json& object, const char* key) {
  const json* value = member(object, key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return wrong_field(key);
  return value->get<bool>();
}

base::Result<std::string> bytes_at(const json& object, const char* key) {
  const json* value = member(object, key);
  if (value == nullptr) return base::Result<std::string>(boost::system::in_place_value, std::string());
  if (!value->is_string()) return wrong_field(key);
  auto bytes = from_base64(value->get_ref<const std::string&>());
  if (!bytes) return wrong_field(key);
  return base::Result<std::string>(boost::system::in_place_value, std::move(*bytes));
}

base::Result<std::string> text_at(const json& object, const char* key) {
  const json* value = member(object, key);
  if (value == nullptr) return base::Result<std::string>(boost::system::in_place_value, std::string());
  if (!value->is_string()) return wrong_field(key);
  return base::Result<std::string>(boost::system::in_place_value, value->get<std::string>());
}

}  // namespace tsmtp::etcd
