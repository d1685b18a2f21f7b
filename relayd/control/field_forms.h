// The forms that a field of status has: a number, a text, a time, a struct of its own, and what of it
// Prometheus is told. Rows are made with these in hub_fields.cc and site_fields.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/control/field.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {

inline constexpr std::string_view kGauge = "gauge";
inline constexpr std::string_view kCounter = "counter";
inline constexpr std::string_view kHistogram = "histogram";

inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

inline Json number_or_null(const std::optional<std::uint64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

inline Json time_or_null(const std::optional<base::WallTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
}

inline double seconds_since_epoch(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

inline std::vector<Sample> one(std::uint64_t value) {
  return {{.labels = {}, .value = value}};
}

/// A time that is known, or no sample at all: no age can be had of a time that never was.
inline std::vector<Sample> at_time(const std::optional<base::WallTime>& time) {
  if (!time) return {};
  return {{.labels = {}, .value = seconds_since_epoch(*time)}};
}

inline std::vector<Sample> at_time(base::WallTime time) {
  return {{.labels = {}, .value = seconds_since_epoch(time)}};
}

/// A number that is a metric too.
template <typename Status>
Field<Status> counted(std::string_view name, std::string_view sentence, std::uint64_t Status::*member,
                      Metric<Status> metric) {
  metric.samples = [member](const Status& status) { return one(status.*member); };
  return {.name = name,
          .sentence = sentence,
          .json = [member](const Status& status) { return Json(status.*member); },
          .metrics = {std::move(metric)}};
}

template <typename Status, typename Member>
Field<Status> plain(std::string_view name, std::string_view sentence, Member Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return Json(status.*member);
          }};
}

template <typename Status>
Field<Status> text(std::string_view name, std::string_view sentence, std::string Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return text_or_null(status.*member);
          }};
}

template <typename Status>
Field<Status> time(std::string_view name, std::string_view sentence, base::WallTime Status::*member) {
  return {.name = name, .sentence = sentence, .json = [member](const Status& status) {
            return Json(rfc3339(status.*member));
          }};
}

/// A struct of its own.
template <typename Status, typename Inner>
Field<Status> object(std::string_view name, std::string_view sentence, Inner Status::*member,
                     const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json = [member, &fields](const Status& status) { return to_json(status.*member, fields); },
          .parts = parts_of(fields)};
}

template <typename Status, typename Inner>
Field<Status> object(std::string_view name, std::string_view sentence, std::optional<Inner> Status::*member,
                     const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json =
              [member, &fields](const Status& status) {
                return status.*member ? to_json(*(status.*member), fields) : Json(nullptr);
              },
          .parts = parts_of(fields)};
}

template <typename Status, typename Inner>
Field<Status> objects(std::string_view name, std::string_view sentence, std::vector<Inner> Status::*member,
                      const Fields<Inner>& fields) {
  return {.name = name,
          .sentence = sentence,
          .json =
              [member, &fields](const Status& status) {
                Json out = Json::array();
                for (const Inner& inner : status.*member)
                  out.push_back(to_json(inner, fields));
                return out;
              },
          .parts = parts_of(fields)};
}

}  // namespace tsmtp::control
