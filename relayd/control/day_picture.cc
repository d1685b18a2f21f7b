#include "relayd/control/day_picture.h"

#include <fmt/format.h>

#include <algorithm>

namespace tsmtp::control {
namespace {

constexpr int kHalf = 20;  // of a direction
constexpr int kStrip = 4;  // of the link, below both
constexpr int kHeight = 2 * kHalf + kStrip + 2;

// Equal points in a row are one step of the path: a quiet day is one line.
template <typename Height>
std::string steps(const LastDay::Points& points, Height height) {
  std::string out = fmt::format("M0 {}", kHalf);
  int last = kHalf;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const int y = height(points[i]);
    if (y == last) continue;
    out += fmt::format("H{}V{}", i, y);
    last = y;
  }
  return out + fmt::format("H{}V{}z", points.size(), kHalf);
}

// What was known of the link, run by run.
std::string strip(const LastDay::Points& points) {
  std::string out;
  for (std::size_t i = 0; i < points.size();) {
    std::size_t end = i;
    const auto is_same = [&](const DayPoint& p) {
      return p.is_known == points[i].is_known && p.was_down == points[i].was_down;
    };
    while (end < points.size() && is_same(points[end]))
      ++end;
    if (points[i].is_known)
      out += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                         points[i].was_down ? "down" : "up", i, kHeight - kStrip, end - i, kStrip);
    i = end;
  }
  return out;
}

}  // namespace

std::string day_picture(const LastDay::Points& points, const std::string& title) {
  std::uint32_t most = 1;
  for (const DayPoint& point : points)
    most = std::max({most, point.out, point.in});
  // A single mail is seen, however many there were at other times.
  const auto height = [most](std::uint32_t mails) {
    const auto whole = static_cast<int>(std::uint64_t{mails} * kHalf / most);
    return mails == 0 ? 0 : std::max(whole, 1);
  };
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\"><title>{}</title>"
      "<path class=\"out\" d=\"{}\"/><path class=\"in\" d=\"{}\"/>{}</svg>",
      points.size(), kHeight, title,
      steps(points, [&](const DayPoint& point) { return kHalf - height(point.out); }),
      steps(points, [&](const DayPoint& point) { return kHalf + height(point.in); }), strip(points));
}

}  // namespace tsmtp::control
