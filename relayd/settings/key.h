// One key of relayd.toml, all that is known of it in one row: name, whether it must be given, whether a
// reload can change it, its form (type, bounds, member) and its sentence in the manual. Its default is what
// the member has in a section that nobody has written anything into.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tsmtp::settings {

class Value;

/// What may stand there, and the member it goes into.
template <typename Section>
struct Form {
  std::string accepts;  ///< type and bounds, for the manual: "number from 1 to 16"
  std::function<void(const Value&, Section&)> read;
  std::function<std::string(const Section&)> show;  ///< as one would write it, without quotes; empty: not set
  std::function<bool(const Section&, const Section&)> same;
};

enum class Need { kOptional, kRequired };
enum class Change { kReload, kRestart };

template <typename Section>
struct Key {
  std::string_view name;
  Need need;
  Change change;
  Form<Section> form;
  std::string_view sentence;  ///< what it is, as mdoc(7); the manual's entry begins with it
  std::string_view unset{};   ///< what it is to leave the key out, where it has no value then
};

/// A member of a section, or of a struct in it.
template <typename Section, typename T>
struct Member {
  using Type = T;
  T& (*of)(Section&);

  [[nodiscard]] const T& in(const Section& section) const { return of(const_cast<Section&>(section)); }
};

template <typename Section, typename T>
Section section_of(T Section::*);

/// at<&Site::link, &Link::compress>(): the Member that this path leads to.
template <auto kFirst, auto... kRest>
constexpr auto at() {
  using Section = decltype(section_of(kFirst));
  using T = std::remove_reference_t<decltype(((std::declval<Section&>().*kFirst).*....*kRest))>;
  return Member<Section, T>{[](Section& section) -> T& { return ((section.*kFirst).*....*kRest); }};
}

}  // namespace tsmtp::settings
