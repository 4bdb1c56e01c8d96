// Package config reads the program's configuration from the environment. Every variable is documented here, has a safe
// default, and a wrong value is one line that names the variable.
//
// It must not open, connect or create anything.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is everything the server can be told. Secrets may be given as FIELDWARDEN_X or, better, as a file's path in
// FIELDWARDEN_X_FILE; they are never logged. The tags zh and en are the variables' documentation; see [Variables].
type Config struct {
	Data        string `env:"DATA" envDefault:"./data" zh:"数据目录：内置数据库、证据、上传缓存和主密钥" en:"folder of the embedded default: database, evidence, spool, master secret"`
	Listen      string `env:"LISTEN" envDefault:"127.0.0.1:8080" zh:"监听地址" en:"address to serve on"`
	PublicURL   string `env:"PUBLIC_URL" zh:"手持终端和二维码访问的地址，默认 http://监听地址" en:"how handhelds and QR codes reach the server; default http://<listen>"`
	District    string `env:"DISTRICT" envDefault:"120102" zh:"本级行政区划代码（GB/T 2260）" en:"division code of the district (GB/T 2260)"`
	LogLevel    string `env:"LOG_LEVEL" envDefault:"info" zh:"日志级别：debug、info、warn、error" en:"debug, info, warn or error"`
	DatabaseURL string `env:"DATABASE_URL" zh:"postgres://…；默认使用数据目录中的 SQLite（可用 _FILE）" en:"postgres://…; default: SQLite in the data folder (or _FILE)"`
	Secret      string `env:"SECRET" zh:"主密钥，32 字节 base64；默认在数据目录中生成一次（可用 _FILE）" en:"master secret, base64 of 32 bytes; default: made once in the data folder (or _FILE)"`
	S3          S3     `envPrefix:"S3_"`
	Reread      Reread `envPrefix:"REREAD_"`

	UploadTTL     time.Duration `env:"UPLOAD_TTL" envDefault:"168h" zh:"未完成上传的保留时间" en:"how long an unfinished upload is kept"`
	NumberTTL     time.Duration `env:"NUMBER_TTL" envDefault:"720h" zh:"预领文书编号的有效时间" en:"how long a leased block of numbers may be used"`
	Seals         string        `env:"SEALS" zh:"印章图像所在目录，每个机关一个 机关代码.png（正方形透明 PNG，不超过 256 KiB）；为空则文书由人工盖章" en:"folder of the organs' seals, <organ code>.png each (square transparent PNG, at most 256 KiB); empty: papers are sealed by hand"`
	SkewBoundary  time.Duration `env:"SKEW_BOUNDARY" envDefault:"2m" zh:"设备时钟偏差超过此值时在设备列表中标出" en:"from how much on a device's clock is marked as off in the list of devices"`
	Window        time.Duration `env:"WINDOW" envDefault:"2160h" zh:"办结的记录在手持终端上保留的时间，从最后一次修改算起；0 为不清理" en:"how long closed records stay on handhelds after their last change; 0: for ever"`
	Departures    time.Duration `env:"DEPARTURES" envDefault:"4320h" zh:"数据流记住哪些记录已离开的时间；更久未同步的设备重新下载该数据流；0 为永远" en:"how long feeds remember what has left them; a device that was away for longer takes the feed anew; 0: for ever"`
	SM3           bool          `env:"SM3" envDefault:"false" zh:"除 SHA-256 外，另按 SM3（GB/T 32905）计算录音录像摘要并写入回执" en:"whether recordings get a second digest by SM3 (GB/T 32905), in the record and in the receipt"`
	Derive        bool          `env:"DERIVE" envDefault:"true" zh:"是否制作海报、遮挡副本等（需 ffmpeg 和 bubblewrap；缺少时自动关闭）" en:"whether posters, redacted copies and the like are made; needs ffmpeg and bubblewrap, and is off without them"`
	Workers       int           `env:"WORKERS" envDefault:"2" zh:"同时执行的后台任务数" en:"jobs done at once"`
	LiveCompare   time.Duration `env:"LIVE_COMPARE" envDefault:"5s" zh:"内存中各数据流位置与数据库核对的间隔" en:"how often the heads of feeds in memory are compared with the database"`
	LiveHeartbeat time.Duration `env:"LIVE_HEARTBEAT" envDefault:"15s" zh:"实时通知连接的心跳间隔" en:"how often a stream of events shows that it lives"`

	Authorities []string      `env:"TIMESTAMP_URLS" envSeparator:" " zh:"为账本检查点盖时间戳的机构地址（RFC 3161），以空格分隔" en:"addresses of authorities that stamp the ledger's checkpoints (RFC 3161), set apart by spaces"`
	Witnesses   []string      `env:"WITNESSES" envSeparator:" " zh:"账本见证人：公钥@地址，以空格分隔（C2SP tlog-witness）" en:"witnesses of the ledger, key@address, set apart by spaces (C2SP tlog-witness)"`
	VouchEvery  time.Duration `env:"VOUCH_EVERY" envDefault:"1h" zh:"请求时间戳和见证签名的间隔" en:"how often stamps and cosignatures are asked for"`

	ReplicaURL     string        `env:"REPLICA_URL" zh:"多个实例并行时，其他实例访问本实例的地址；为空表示仅此一个实例" en:"where other replicas reach this one, if there are several; empty: it is the only one"`
	ReplicaSilence time.Duration `env:"REPLICA_SILENCE" envDefault:"30s" zh:"实例多久无响应后，其未完成的上传由其他实例接管" en:"after how long a silent replica's unfinished uploads are taken over by others"`

	TrustedProxy string        `env:"TRUSTED_PROXY" zh:"可信反向代理的地址，仅采信其 X-Forwarded-For" en:"address of the proxy whose X-Forwarded-For is believed"`
	ShutdownWait time.Duration `env:"SHUTDOWN_WAIT" envDefault:"20s" zh:"停机时等待进行中请求的时间" en:"how long requests may still run when the server stops"`
}

// S3 says where evidence and papers are kept when not in the data folder.
type S3 struct {
	Endpoint  string `env:"ENDPOINT" zh:"对象存储 主机:端口；为空则使用数据目录" en:"host:port of the object store; empty: the data folder"`
	Bucket    string `env:"BUCKET" envDefault:"fieldwarden" zh:"存储桶" en:"bucket"`
	Region    string `env:"REGION" envDefault:"us-east-1" zh:"区域" en:"region"`
	AccessKey string `env:"ACCESS_KEY" zh:"访问密钥（可用 _FILE）" en:"access key (or _FILE)"`
	SecretKey string `env:"SECRET_KEY" zh:"私有密钥（可用 _FILE）" en:"secret key (or _FILE)"`
	TLS       bool   `env:"TLS" envDefault:"true" zh:"是否使用 TLS" en:"whether to use TLS"`
	Dock      string `env:"DOCK" zh:"采集站访问对象存储的地址 主机:端口；为空则不提供采集站直传" en:"host:port by which docking stations reach the object store; empty: there is no dock"`
	DockTLS   bool   `env:"DOCK_TLS" envDefault:"true" zh:"采集站是否以 TLS 访问对象存储" en:"whether docking stations use TLS"`
	Lock      string `env:"LOCK" envDefault:"governance" zh:"对象锁模式：governance 或 compliance" en:"object lock mode: governance or compliance"`
}

// Reread says when, how fast and how often recordings and papers are read again and hashed: at night, so that it leaves the store to those who work.
type Reread struct {
	Begin  string `env:"FROM" envDefault:"01:00" zh:"每晚复核录音录像和文书开始的时刻（北京时间，时:分）" en:"when the nightly reading of recordings and papers begins (Beijing time, hh:mm)"`
	End    string `env:"UNTIL" envDefault:"05:00" zh:"每晚复核结束的时刻，可为次日；未复核完的次日优先" en:"when it ends, perhaps the next day; what was not read is the first of the next night"`
	Rate   int    `env:"RATE" envDefault:"32" zh:"复核读取的速度上限，MiB/秒" en:"MiB a second that it reads at most"`
	Nights int    `env:"NIGHTS" envDefault:"90" zh:"在多少个夜晚之内把全部录音录像和文书复核一遍；依法保全的每晚复核" en:"nights within which everything is read; recordings under a hold are read every night"`
}

// Hours are the times of the day, in Beijing, since midnight, at which the nightly reading begins and ends.
func (r Reread) Hours() (from, until time.Duration) {
	from, _ = clock(r.Begin)
	until, _ = clock(r.End)
	return from, until
}

// clock reads hh:mm.
func clock(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err
}

// check names the variable that is wrong, without the prefix that all have, and says what it should be.
func (r Reread) check() (name, zh, en string) {
	from, err := clock(r.Begin)
	until, bad := clock(r.End)
	switch {
	case err != nil:
		return "REREAD_FROM", "应为 时:分，如 01:00", "must be hh:mm, such as 01:00"
	case bad != nil:
		return "REREAD_UNTIL", "应为 时:分，如 05:00", "must be hh:mm, such as 05:00"
	case from == until:
		return "REREAD_UNTIL", "不能与 REREAD_FROM 相同", "must be another time than REREAD_FROM"
	case r.Rate < 1 || r.Rate > 1<<20:
		return "REREAD_RATE", "应在一至 1048576 之间", "must be from 1 to 1048576"
	case r.Nights < 1 || r.Nights > 3650:
		return "REREAD_NIGHTS", "应在一至 3650 之间", "must be from 1 to 3650"
	}
	return "", "", ""
}

// Variable documents one environment variable.
type Variable struct{ Name, Default, Zh, En string }

// Variables lists every variable, in the order of the struct.
func Variables() []Variable { return variablesOf(reflect.TypeFor[Config](), prefix) }

func variablesOf(t reflect.Type, prefix string) []Variable {
	var all []Variable
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if inner := tag.Get("envPrefix"); inner != "" {
			all = append(all, variablesOf(t.Field(i).Type, prefix+inner)...)
			continue
		}
		all = append(all, Variable{prefix + tag.Get("env"), tag.Get("envDefault"), tag.Get("zh"), tag.Get("en")})
	}
	return all
}

// prefix stands before every variable's name.
const prefix = "FIELDWARDEN_"

// Load reads the process environment.
func Load() (Config, error) { return From(environ()) }

// From reads a given environment.
func From(environment map[string]string) (Config, error) {
	var c Config
	if err := readFiles(environment); err != nil {
		return c, err
	}
	if err := env.ParseWithOptions(&c, env.Options{Prefix: prefix, Environment: environment}); err != nil {
		return c, explain(err)
	}
	return c, c.check()
}

// readFiles replaces FIELDWARDEN_X_FILE by FIELDWARDEN_X for the secrets.
func readFiles(environment map[string]string) error {
	for _, name := range []string{"SECRET", "DATABASE_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY"} {
		path := environment[prefix+name+"_FILE"]
		if path == "" {
			continue
		}
		if environment[prefix+name] != "" {
			return fmt.Errorf("%s%s 与 %s%s_FILE 不能同时设置 / set either, not both", prefix, name, prefix, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s%s_FILE 无法读取 / cannot be read: %w", prefix, name, err)
		}
		environment[prefix+name] = strings.TrimSpace(string(text))
	}
	return nil
}

// explain turns the parser's error into one line that names the variable and not its value.
func explain(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) || len(all.Errors) == 0 {
		return err
	}
	var parse env.ParseError
	if errors.As(all.Errors[0], &parse) {
		return fmt.Errorf("%s 的值无法识别，应为 %s / cannot be read as %s", variable(parse.Name), parse.Type, parse.Type)
	}
	return all.Errors[0]
}

// variable is the name of the variable that fills a field, which is how the parser names it.
func variable(field string) string {
	for _, part := range []struct {
		of     reflect.Type
		prefix string
	}{{reflect.TypeFor[Config](), prefix}, {reflect.TypeFor[S3](), prefix + "S3_"}, {reflect.TypeFor[Reread](), prefix + "REREAD_"}} {
		if f, ok := part.of.FieldByName(field); ok {
			return part.prefix + f.Tag.Get("env")
		}
	}
	return field
}

var division = regexp.MustCompile(`^[1-9][0-9]{5}$`)

func (c *Config) check() error {
	wrong := func(name, zh, en string) error { return fmt.Errorf("%s%s %s / %s", prefix, name, zh, en) }
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return wrong("LISTEN", "应为 地址:端口", "must be address:port")
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return wrong("PUBLIC_URL", "应为 http 或 https 地址", "must be an http or https URL")
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if !division.MatchString(c.District) {
		return wrong("DISTRICT", "应为六位行政区划代码", "must be a division code of six digits")
	}
	if !strings.Contains(" debug info warn error ", " "+c.LogLevel+" ") {
		return wrong("LOG_LEVEL", "应为 debug、info、warn 或 error", "must be debug, info, warn or error")
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") &&
		!strings.HasPrefix(c.DatabaseURL, "sqlite://") {
		return wrong("DATABASE_URL", "应以 postgres:// 或 sqlite:// 开头", "must begin with postgres:// or sqlite://")
	}
	if c.Secret != "" {
		if key, err := base64.StdEncoding.DecodeString(c.Secret); err != nil || len(key) != 32 {
			return wrong("SECRET", "应为 32 字节的 base64 编码", "must be base64 of 32 bytes")
		}
	}
	if c.S3.Endpoint != "" && (c.S3.AccessKey == "" || c.S3.SecretKey == "") {
		return wrong("S3_ACCESS_KEY", "设置 S3_ENDPOINT 时必须提供访问密钥", "and S3_SECRET_KEY are required with S3_ENDPOINT")
	}
	for _, witness := range c.Witnesses {
		if key, address, ok := strings.Cut(witness, "@"); !ok || strings.Count(key, "+") < 2 || !strings.HasPrefix(address, "http") {
			return wrong("WITNESSES", "应为 公钥@地址", "must be key@address")
		}
	}
	if c.VouchEvery < time.Second {
		return wrong("VOUCH_EVERY", "至少一秒", "must be a second at least")
	}
	if name, zh, en := c.Reread.check(); name != "" {
		return wrong(name, zh, en)
	}
	if c.S3.Lock != "governance" && c.S3.Lock != "compliance" {
		return wrong("S3_LOCK", "应为 governance 或 compliance", "must be governance or compliance")
	}
	if u, err := url.Parse(c.ReplicaURL); c.ReplicaURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return wrong("REPLICA_URL", "应为 http 或 https 地址", "must be an http or https URL")
	}
	c.ReplicaURL = strings.TrimRight(c.ReplicaURL, "/")
	if c.ReplicaSilence < time.Second {
		return wrong("REPLICA_SILENCE", "至少 1 秒", "must be at least a second")
	}
	if c.Workers < 1 || c.Workers > 64 {
		return wrong("WORKERS", "应在 1 至 64 之间", "must be 1 to 64")
	}
	return nil
}

// Database is the URL of the database: the configured one, or SQLite in the data folder.
func (c *Config) Database() (string, error) {
	if c.DatabaseURL != "" {
		return c.DatabaseURL, nil
	}
	path, err := filepath.Abs(filepath.Join(c.Data, "fieldwarden.db"))
	return "sqlite://" + (&url.URL{Path: path}).EscapedPath(), err
}

// Exists says what is wrong if the database is a file that is not there. Opening it would make an empty one, in which nothing is wrong.
func (c *Config) Exists() error {
	address, err := c.Database()
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "sqlite" {
		return nil // a server tells by itself
	}
	if _, err := os.Stat(u.Path); err != nil {
		return fmt.Errorf("没有数据库 / there is no database: %s (FIELDWARDEN_DATA, FIELDWARDEN_DATABASE_URL)", u.Path)
	}
	return nil
}

func environ() map[string]string {
	out := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		out[name] = value
	}
	return out
}
