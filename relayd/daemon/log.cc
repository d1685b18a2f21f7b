#include "relayd/daemon/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

#include <utility>

#include "relayd/base/utf8.h"
#include "relayd/daemon/log_entry.h"
#include "relayd/daemon/log_outputs.h"
#include "relayd/daemon/log_queue.h"

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMostGatheredBytes = 64 * 1024;
constexpr char kStderrPattern[] = "%Y-%m-%d %H:%M:%S.%e relayd[%P] %l: %v";
constexpr char kSyslogPattern[] = "%b %d %H:%M:%S relayd[%P]: %v";
constexpr char kJournalPattern[] = "%v";

int priority_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return LOG_ERR;
  if (level == spdlog::level::warn) return LOG_WARNING;
  return level == spdlog::level::info ? LOG_INFO : LOG_DEBUG;
}

// One write for the lines of one turn of the event loop; a warning is written at once.
class QueueSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  [[nodiscard]] std::uint64_t lines_lost() const { return queue_.lost_in_all(); }

  QueueSink(std::unique_ptr<LogOutput> output, Later later, Later in_a_while)
      : later_(std::move(later)), queue_(std::move(output), std::move(in_a_while), [this](auto lost) {
          return formatted({"relayd", spdlog::level::warn,
                            std::to_string(lost) + " log lines lost: they came faster than they were read"});
        }) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    queue_.add(formatted(line));
    if (queue_.bytes() > kMostGatheredBytes) return flush_();
    if (!std::exchange(is_due_, true)) later_([this] { flush(); });
  }

  void flush_() override {
    is_due_ = false;
    queue_.flush();
  }

  /// The line as the output takes it.
  virtual std::string formatted(const spdlog::details::log_msg& line) = 0;

 private:
  Later later_;
  bool is_due_ = false;  // flush() will be called
  LogQueue queue_;
};

class TextSink : public QueueSink {
 public:
  enum class Prefix { kNone, kPriority, kFacility };

  TextSink(std::unique_ptr<LogOutput> output, Prefix prefix, Later later, Later in_a_while)
      : QueueSink(std::move(output), std::move(later), std::move(in_a_while)), prefix_(prefix) {}

 protected:
  std::string formatted(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    if (prefix_ != Prefix::kNone) {
      const int facility = prefix_ == Prefix::kFacility ? LOG_MAIL : 0;
      const std::string number = '<' + std::to_string(facility | priority_of(line.level)) + '>';
      text.append(number.data(), number.data() + number.size());
    }
    formatter_->format(line, text);
    return {text.data(), text.size()};
  }

 private:
  Prefix prefix_;
};

class EntrySink : public QueueSink {
 public:
  EntrySink(const LogPlace& place, Later later, Later in_a_while)
      : QueueSink(std::make_unique<JournalOutput>(place.journal), std::move(later), std::move(in_a_while)),
        hub_(place.hub) {}

 protected:
  std::string formatted(const spdlog::details::log_msg& line) override {
    return log_entry(priority_of(line.level), hub_, {line.payload.data(), line.payload.size()});
  }

 private:
  std::string hub_;
};

class SpdlogLogger : public Log {
 public:
  SpdlogLogger(std::shared_ptr<spdlog::logger> logger, std::shared_ptr<QueueSink> sink)
      : logger_(std::move(logger)), sink_(std::move(sink)) {
    logger_->set_level(spdlog::level::debug);
    logger_->flush_on(spdlog::level::warn);
  }

  [[nodiscard]] std::uint64_t lines_lost() const override { return sink_->lines_lost(); }

  // A line is one line and does nothing to a terminal, even if something in it was not escaped (P8).
  void log(base::LogLevel level, std::string_view line) override {
    const std::string text = base::shown(line);
    logger_->log(translate(level), spdlog::string_view_t(text.data(), text.size()));
  }

 private:
  static spdlog::level::level_enum translate(base::LogLevel level) {
    switch (level) {
      case base::LogLevel::kDebug:
        return spdlog::level::debug;
      case base::LogLevel::kInfo:
        return spdlog::level::info;
      case base::LogLevel::kWarning:
        return spdlog::level::warn;
      case base::LogLevel::kError:
        return spdlog::level::err;
    }
    return spdlog::level::info;
  }

  std::shared_ptr<spdlog::logger> logger_;
  std::shared_ptr<QueueSink> sink_;
};

std::unique_ptr<Log> make(std::shared_ptr<QueueSink> sink, const char* pattern) {
  auto logger = std::make_shared<spdlog::logger>("relayd", sink);
  logger->set_pattern(pattern);
  return std::make_unique<SpdlogLogger>(std::move(logger), std::move(sink));
}

}  // namespace

std::unique_ptr<Log> make_logger(const LogPlace& place, Later later, Later in_a_while) {
  using Prefix = TextSink::Prefix;
  using settings::LogTarget;
  const bool is_journal = place.target == LogTarget::kStderr && stderr_is_journal();
  if (place.target == LogTarget::kJournal || (is_journal && JournalSocket(place.journal).is_there()))
    return make(std::make_shared<EntrySink>(place, std::move(later), std::move(in_a_while)), kJournalPattern);
  if (place.target == LogTarget::kSyslog)
    return make(std::make_shared<TextSink>(std::make_unique<SyslogOutput>(), Prefix::kFacility,
                                           std::move(later), std::move(in_a_while)),
                kSyslogPattern);
  return make(std::make_shared<TextSink>(std::make_unique<StderrOutput>(),
                                         is_journal ? Prefix::kPriority : Prefix::kNone, std::move(later),
                                         std::move(in_a_while)),
              is_journal ? kJournalPattern : kStderrPattern);
}

}  // namespace tsmtp::daemon
