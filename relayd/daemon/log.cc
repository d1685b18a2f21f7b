#include "relayd/daemon/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMostGatheredBytes = 64 * 1024;

// stderr, one write for the lines of one turn of the event loop; a warning is written at once.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(Later later) : later_(std::move(later)) {}
  ~StderrSink() override { flush_(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    formatter_->format(line, gathered_);
    if (gathered_.size() > kMostGatheredBytes) return flush_();
    if (!std::exchange(is_due_, true)) later_([this] { flush(); });
  }

  void flush_() override {
    is_due_ = false;
    const char* rest = gathered_.data();
    const char* const end = rest + gathered_.size();
    while (rest < end) {
      const ssize_t written = ::write(STDERR_FILENO, rest, static_cast<std::size_t>(end - rest));
      if (written < 0 && errno != EINTR) break;  // nobody is left to tell
      if (written > 0) rest += written;
    }
    gathered_.clear();
  }

 private:
  Later later_;
  spdlog::memory_buf_t gathered_;
  bool is_due_ = false;  // flush() will be called
};

class SpdlogLogger : public base::Logger {
 public:
  explicit SpdlogLogger(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {
    logger_->set_level(spdlog::level::debug);
    logger_->flush_on(spdlog::level::warn);
  }

  void log(base::LogLevel level, std::string_view line) override {
    logger_->log(translate(level), spdlog::string_view_t(line.data(), line.size()));
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
};

}  // namespace

std::unique_ptr<base::Logger> make_logger(config::LogTarget target, Later later) {
  std::shared_ptr<spdlog::logger> logger;
  switch (target) {
    case config::LogTarget::kStderr:
      logger = std::make_shared<spdlog::logger>("relayd", std::make_shared<StderrSink>(std::move(later)));
      logger->set_pattern("%Y-%m-%d %H:%M:%S.%e relayd[%P] %l: %v");
      break;
    case config::LogTarget::kSyslog:
      logger = std::make_shared<spdlog::logger>(
          "relayd", std::make_shared<spdlog::sinks::syslog_sink_mt>("relayd", LOG_PID, LOG_MAIL, false));
      break;
  }
  return std::make_unique<SpdlogLogger>(std::move(logger));
}

}  // namespace tsmtp::daemon
