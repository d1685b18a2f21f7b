// The forms that a key's value may have: how it is called in the manual, read with its bounds, and shown.
// Knows no key.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"
#include "relayd/settings/key.h"
#include "relayd/settings/pin.h"
#include "relayd/settings/quantity.h"
#include "relayd/settings/value.h"

namespace tsmtp::settings {

/// A form of `read`, which gets the value and the member, and `show`, which gets the member.
template <typename Section, typename T, typename Read, typename Show>
Form<Section> form(Member<Section, T> member, std::string_view accepts, Read read, Show show) {
  return {.accepts = std::string(accepts),
          .read = [member, read](const Value& value, Section& section) { read(value, member.of(section)); },
          .show = [member, show](const Section& section) { return std::string(show(member.in(section))); },
          .same = [member](const Section& a, const Section& b) { return member.in(a) == member.in(b); }};
}

/// "[a, b]"
template <typename Things, typename Show>
std::string list_text(const Things& things, Show show) {
  std::string out;
  for (const auto& thing : things)
    out += (out.empty() ? "" : ", ") + std::string(show(thing));
  return '[' + out + ']';
}

template <typename Section>
Form<Section> number(Member<Section, std::uint64_t> member, std::uint64_t least, std::uint64_t most) {
  return form(
      member, "number from " + std::to_string(least) + " to " + std::to_string(most),
      [least, most](const Value& value, auto& out) { value.into_number(out, least, most); },
      [](std::uint64_t number) { return std::to_string(number); });
}

/// 0, for no limit or never, is only had by leaving the key out.
template <typename Section>
Form<Section> not_zero(Form<Section> form) {
  form.show = [show = std::move(form.show)](const Section& section) {
    const std::string text = show(section);
    return text == "0" || text == "0s" ? "" : text;
  };
  return form;
}

template <typename Section>
Form<Section> size(Member<Section, std::uint64_t> member, std::uint64_t least = 1,
                   std::uint64_t most = kMaxSize) {
  const bool is_bounded = most < kMaxSize;
  return form(
      member, is_bounded ? "size from " + size_text(least) + " to " + size_text(most) : "size",
      [least, most](const Value& value, auto& out) { value.into_size(out, least, most); }, size_text);
}

template <typename Section>
Form<Section> duration(Member<Section, std::chrono::seconds> member,
                       std::chrono::seconds least = std::chrono::seconds(0)) {
  return form(
      member, least.count() > 0 ? "duration of at least " + duration_text(least) : "duration",
      [least](const Value& value, auto& out) { value.into_seconds(out, least); }, duration_text);
}

template <typename Section>
Form<Section> boolean(Member<Section, bool> member) {
  return form(
      member, "true or false", [](const Value& value, bool& out) { value.into_bool(out); },
      [](bool yes) { return yes ? "true" : "false"; });
}

/// One of some words, each with what it means.
template <typename T>
using Words = std::vector<std::pair<std::string_view, T>>;

template <typename T>
std::string word_of(const Words<T>& words, const T& meant) {
  for (const auto& [word, meaning] : words)
    if (meaning == meant) return std::string(word);
  return {};
}

template <typename Section, typename T>
Form<Section> word(Member<Section, T> member, const Words<typename Member<Section, T>::Type>& words) {
  std::string accepts;
  for (const auto& [name, meaning] : words)
    accepts += (accepts.empty() ? "" : name == words.back().first ? " or " : ", ") + std::string(name);
  return form(
      member, accepts,
      [words](const Value& value, T& out) {
        std::vector<std::string_view> names;
        for (const auto& [name, meaning] : words)
          names.push_back(name);
        if (const auto chosen = value.choice(names)) out = words[*chosen].second;
      },
      [words](const T& meant) { return word_of(words, meant); });
}

/// A member that takes what `into` reads, shown as it is.
template <typename Section>
Form<Section> text(Member<Section, std::string> member, std::string_view accepts,
                   void (Value::*into)(std::string&) const) {
  return form(
      member, accepts, [into](const Value& value, std::string& out) { (value.*into)(out); },
      [](const std::string& text) { return text; });
}

template <typename Section>
Form<Section> name(Member<Section, std::string> member) {
  return text(member, "name", &Value::into_name);
}

template <typename Section>
Form<Section> path(Member<Section, std::string> member) {
  return text(member, "path", &Value::into_path);
}

template <typename Section>
Form<Section> socket_path(Member<Section, std::string> member) {
  return text(member, "path of at most 107 bytes", &Value::into_socket_path);
}

template <typename Section>
Form<Section> address(Member<Section, base::HostPort> member) {
  return form(
      member, "address", [](const Value& value, auto& out) { value.into_host_port(out); },
      [](const base::HostPort& address) { return address.to_string(); });
}

template <typename Section>
Form<Section> address(Member<Section, std::optional<base::HostPort>> member) {
  return form(
      member, "address",
      [](const Value& value, auto& out) {
        base::HostPort address;
        value.into_host_port(address);
        if (address.port != 0) out = std::move(address);
      },
      [](const auto& address) { return address ? address->to_string() : ""; });
}

enum class Sockets { kTcp, kTcpOrUnix };

template <typename Section>
Form<Section> addresses(Member<Section, std::vector<base::HostPort>> member, Sockets sockets) {
  const bool allow_unix = sockets == Sockets::kTcpOrUnix;
  return form(
      member, allow_unix ? "list of addresses or unix sockets" : "list of addresses",
      [allow_unix](const Value& value, auto& out) { value.into_host_ports(out, allow_unix); },
      [](const auto& addresses) {
        return list_text(addresses, [](const base::HostPort& address) { return address.to_string(); });
      });
}

inline std::string domains_text(const base::DomainSet& set) {
  return list_text(set.patterns(), [](const std::string& pattern) { return pattern; });
}

template <typename Section>
Form<Section> domains(Member<Section, base::DomainSet> member) {
  return form(
      member, "domains", [](const Value& value, auto& out) { value.into_domains(out); }, domains_text);
}

template <typename Section>
Form<Section> pins(Member<Section, std::vector<std::string>> member) {
  return form(
      member, "list of pins", [](const Value& value, auto& out) { value.into_pins(out); },
      [](const auto& digests) { return list_text(digests, pin_text); });
}

inline std::string users_text(const std::vector<User>& users) {
  return users.empty() ? "" : list_text(users, [](const User& user) { return user.name; });
}

template <typename Section>
Form<Section> users(Member<Section, std::vector<User>> member) {
  return form(
      member, "list of users", [](const Value& value, auto& out) { value.into_users(out); }, users_text);
}

/// "0660"
inline std::string mode_text(unsigned mode) {
  std::string digits;
  for (; mode > 0; mode /= 8)
    digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  return '0' + digits;
}

template <typename Section>
Form<Section> mode(Member<Section, unsigned> member) {
  return form(
      member, "mode in octal", [](const Value& value, auto& out) { value.into_mode(out); }, mode_text);
}

template <typename Section>
Form<Section> group(Member<Section, std::optional<std::uint32_t>> member) {
  return form(
      member, "group", [](const Value& value, auto& out) { value.into_group(out); },
      [](const std::optional<std::uint32_t>& group) { return group ? std::to_string(*group) : ""; });
}

}  // namespace tsmtp::settings
