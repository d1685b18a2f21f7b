#include "relayd/settings/value.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/settings/pin.h"
#include "relayd/settings/quantity.h"
#include "relayd/settings/source.h"

namespace tsmtp::settings {
namespace {

constexpr std::size_t kMaxSocketPathBytes = 107;  // sun_path less its NUL, unix(7)
constexpr std::chrono::hours kMaxDuration{24};

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date with a time";
  }
  return "something else";
}

std::string expected_not(std::string_view expected, const toml::node& node) {
  return std::string(expected) + " was expected, not " + std::string(type_name(node));
}

bool is_control_character(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

Value::Value(const toml::node& node, std::string_view key, const base::Location& where,
             base::Diagnostics& diagnostics)
    : node_(node),
      key_(key),
      where_(where.line > 0 && node.source().path ? locate(node.source(), where.file) : where),
      diagnostics_(diagnostics) {}

void Value::complain(std::string_view message) const {
  diagnostics_.error(where_, std::string(key_) + ": " + std::string(message));
}

void Value::warn(std::string_view message) const {
  diagnostics_.warning(where_, std::string(key_) + ": " + std::string(message));
}

std::optional<std::string> Value::text(std::string_view expected) const {
  auto text = node_.value_exact<std::string>();
  if (!text) {
    complain(expected_not(expected, node_));
  } else if (text->empty()) {
    complain(std::string(expected) + " was expected, not an empty string");
  } else if (std::any_of(text->begin(), text->end(), is_control_character)) {
    complain("control character in \"" + base::escaped(*text) + "\"");
  } else {
    return text;
  }
  return std::nullopt;
}

bool Value::for_each(std::string_view expected, const std::function<void(const Value&)>& element) const {
  if (const toml::array* array = node_.as_array()) {
    for (const toml::node& node : *array)
      element(Value(node, key_, where_, diagnostics_));
    return true;
  }
  // On a command line, one address or domain without brackets and quotes is meant as a list of one.
  const bool from_command_line = where_.line == 0;
  if (from_command_line && node_.is_string()) {
    element(*this);
    return true;
  }
  complain(expected_not(expected, node_));
  return false;
}

void Value::into_string(std::string& out) const {
  if (auto read = text("a string")) out = std::move(*read);
}

void Value::into_name(std::string& out) const {
  auto read = text("a name");
  if (!read) return;
  if (read->size() > kMaxNameBytes) return complain("a name has at most 63 characters");
  if (!std::all_of(read->begin(), read->end(), is_name_character))
    return complain("\"" + base::escaped(*read) + "\": a name is made of letters, digits, '.', '-' and '_'");
  out = std::move(*read);
}

void Value::into_path(std::string& out) const {
  auto read = text("a path");
  if (!read) return;
  if (read->starts_with("unix:")) return complain("the path alone was expected, without \"unix:\"");
  out = std::move(*read);
}

void Value::into_patterns(std::vector<std::string>& out) const {
  std::vector<std::string> read;
  const bool is_list = for_each("an array such as [\"sites.d/*.toml\"]", [&](const Value& element) {
    std::string pattern;
    element.into_path(pattern);
    const std::size_t slash = pattern.rfind('/');
    if (slash != std::string::npos && pattern.find_first_of("*?[") < slash)
      return element.complain("\"" + base::escaped(pattern) +
                              "\": wildcards may only stand behind the last slash");
    if (pattern.ends_with('/'))
      return element.complain("\"" + base::escaped(pattern) +
                              "\" is a folder: files were expected, such as \"" + base::escaped(pattern) +
                              "*.toml\"");
    if (!pattern.empty()) read.push_back(std::move(pattern));
  });
  if (is_list) out = std::move(read);
}

void Value::into_socket_path(std::string& out) const {
  std::string path;
  into_path(path);
  if (path.size() > kMaxSocketPathBytes) return complain("the path of a unix socket has at most 107 bytes");
  if (!path.empty()) out = std::move(path);
}

void Value::into_bool(bool& out) const {
  if (const auto read = node_.value_exact<bool>()) {
    out = *read;
  } else {
    complain(expected_not("true or false, without quotes,", node_));
  }
}

void Value::into_number(std::uint64_t& out, std::uint64_t least, std::uint64_t most) const {
  const std::string expected = "a number from " + std::to_string(least) + " to " + std::to_string(most);
  const auto read = node_.value_exact<std::int64_t>();
  if (!read) return complain(expected_not(expected, node_));
  if (*read < 0 || static_cast<std::uint64_t>(*read) < least || static_cast<std::uint64_t>(*read) > most)
    return complain(expected + " was expected, not " + std::to_string(*read));
  out = static_cast<std::uint64_t>(*read);
}

std::optional<std::size_t> Value::choice(std::span<const std::string_view> words) const {
  std::string expected;
  for (const std::string_view word : words)
    expected += (expected.empty() ? "\"" : " or \"") + std::string(word) + '"';
  const auto read = text(expected);
  if (!read) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *read);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  complain(expected + " was expected, not \"" + base::escaped(*read) + "\"");
  return std::nullopt;
}

void Value::into_mode(unsigned& out) const {
  constexpr std::size_t kMostDigits = 4;
  const auto read = text("the mode of a file, such as \"0660\",");
  if (!read) return;
  if (read->size() > kMostDigits || read->find_first_not_of("01234567") != std::string::npos ||
      std::stoul(*read, nullptr, 8) > 0777)
    return complain("\"" + base::escaped(*read) + "\": the mode of a file was expected, such as \"0660\"");
  out = static_cast<unsigned>(std::stoul(*read, nullptr, 8));
}

std::optional<std::uint64_t> Value::bytes() const {
  if (const auto integer = node_.value_exact<std::int64_t>())
    return static_cast<std::uint64_t>(std::max<std::int64_t>(*integer, 0));
  const auto read = text("a size such as \"64MiB\"");
  if (!read) return std::nullopt;
  const auto bytes = parse_size(*read);
  if (bytes) return *bytes;
  complain(bytes.error().message);
  return std::nullopt;
}

void Value::into_size(std::uint64_t& out, std::uint64_t least, std::uint64_t most) const {
  const auto read = bytes();
  if (!read) return;
  if (*read == 0) return complain("more than 0 bytes were expected");
  if (*read < least || *read > most)
    return complain("a size from " + size_text(least) + " to " + size_text(most) + " was expected");
  out = *read;
}

void Value::into_seconds(std::chrono::seconds& out, std::chrono::seconds least) const {
  const auto read = text("a duration in quotes and with its unit, such as \"60s\",");
  if (!read) return;
  const auto duration = parse_duration(*read);
  if (!duration) return complain(duration.error().message);
  if (*duration > kMaxDuration) return complain("\"" + *read + "\" is more than a day");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  if (seconds != *duration) return complain("\"" + *read + "\": whole seconds were expected");
  if (seconds < least)
    return complain("\"" + *read + "\": at least " + std::to_string(least.count()) + "s was expected");
  out = seconds;
}

void Value::into_site_address(std::string& out) const {
  auto read = text("a loopback address such as \"127.0.5.2\"");
  if (!read) return;
  if (!base::is_ipv4(*read) || !read->starts_with("127."))
    return complain("\"" + base::escaped(*read) +
                    "\": a site address is in 127.0.0.0/8, such as \"127.0.5.2\", and has no port");
  if (*read == "127.0.0.1")
    return complain(
        "sendmail's stock rules relay for every client at exactly 127.0.0.1, which would make this hub an "
        "open relay for the site; take one such as \"127.0.5.2\". To have only the endpoint there, as with "
        "a single site, write endpoint = [\"127.0.0.1:5000\"] and no address");
  if (*read == "127.0.0.2" || *read == "127.0.1.1")
    warn("\"" + *read +
         "\" is in use on many systems, which may give it names and rights of its own; take one such as "
         "\"127.0.5.2\"");
  out = std::move(*read);
}

std::optional<base::HostPort> Value::host_port(bool allow_unix) const {
  const auto read = text("a string HOST:PORT");
  if (!read) return std::nullopt;
  auto address = base::parse_host_port(*read, allow_unix);
  if (address) return *address;
  complain(address.error().message);
  return std::nullopt;
}

void Value::into_host_port(base::HostPort& out) const {
  if (auto read = host_port(false)) out = std::move(*read);
}

void Value::into_host_ports(std::vector<base::HostPort>& out, bool allow_unix) const {
  std::vector<base::HostPort> read;
  const bool is_list = for_each("an array such as [\"127.0.0.1:5000\"]", [&](const Value& element) {
    if (auto address = element.host_port(allow_unix)) read.push_back(std::move(*address));
  });
  if (is_list) out = std::move(read);
}

void Value::into_domains(base::DomainSet& out) const {
  bool empty = true;
  const bool is_list =
      for_each("an array such as [\"birl.example\", \".birl.example\"]", [&](const Value& element) {
        empty = false;
        const auto pattern = element.text("a domain");
        if (!pattern) return;
        if (auto added = out.add(*pattern); !added) element.complain(added.error().message);
      });
  if (is_list && empty) complain("no domain at all is let through by []; to let any through, write [\".\"]");
}

void Value::into_own_domains(base::DomainSet& out) const {
  const toml::array* array = node_.as_array();
  if (array == nullptr || !array->empty()) into_domains(out);
}

void Value::into_pins(std::vector<std::string>& out) const {
  bool empty = true;
  const bool is_list = for_each("an array such as [\"sha256:...\"]", [&](const Value& element) {
    empty = false;
    const auto pin = element.text("a pin");
    if (!pin) return;
    if (auto digest = parse_pin(*pin)) {
      out.push_back(std::move(*digest));
    } else {
      element.complain(digest.error().message);
    }
  });
  if (is_list && empty)
    complain("at least one pin was expected, \"sha256:...\" as `relayctl fingerprint` on that hub prints it");
}

}  // namespace tsmtp::settings
