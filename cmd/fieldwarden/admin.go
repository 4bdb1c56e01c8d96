package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

type adminCommand struct {
	Create     createAdmins `cmd:"" help:"首次建立系统、安全、审计三名管理员 / the first system, security and audit administrators"`
	Papers     bringPapers  `cmd:"" help:"装入全部文书模板和放假通知；已有的不改动 / bring in the templates of all papers and the notices on days off; what is there stays"`
	Code       enrolCode    `cmd:"" help:"生成一台设备的登记码 / make a code that enrols one device"`
	Password   newPassword  `cmd:"" help:"重置一个账号的密码 / set a forgotten password anew"`
	RotateKeys rotateKeys   `cmd:"" help:"轮换服务器签名密钥 / let new keys sign; old ones still verify"`
	Backup     backup       `cmd:"" help:"备份内置数据库（可在运行中执行） / copy the embedded database, also while the server runs"`
	Restored   restored     `cmd:"" help:"数据库从备份恢复之后、启动服务之前执行 / after the database was restored from a backup, before serving"`
}

// withCore runs an administration step on the configured store.
func withCore(ctx context.Context, fn func(*server.Core) error) error {
	cfg, err := loaded()
	if err != nil {
		return err
	}
	return on(ctx, cfg, fn)
}

// withStore runs a step on a store that must be there: who checks or copies one means his own, and not an empty one that is made for the purpose.
func withStore(ctx context.Context, fn func(*server.Core) error) error {
	cfg, err := loaded()
	if err == nil {
		err = cfg.Exists()
	}
	if err != nil {
		return err
	}
	return on(ctx, cfg, fn)
}

// on runs a step on a store.
func on(ctx context.Context, cfg config.Config, fn func(*server.Core) error) error {
	core, err := server.Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer core.Close()
	return fn(core)
}

// createAdmins makes three persons and not one with three roles: system, security and audit administration are kept apart
// (GB/T 22239-2019 8.1.4), and none of them touches cases.
type createAdmins struct {
	DistrictName string `default:"本区" help:"本级行政区划名称 / name of the district"`
	System       string `default:"sysadmin" help:"系统管理员登录名 / sign-in name of the system administrator"`
	Security     string `default:"secadmin" help:"安全管理员登录名 / of the security administrator"`
	Audit        string `default:"auditadmin" help:"审计管理员登录名 / of the audit administrator"`
}

type admin struct {
	account, title string
	role           people.Role
	officer        string
	password       string
}

func (c createAdmins) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error {
		n, err := core.DB.Accounts(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.AlreadyInitialised)
		}
		admins := []admin{{account: c.System, title: "系统管理员", role: people.RoleSysAdmin},
			{account: c.Security, title: "安全管理员", role: people.RoleSecAdmin},
			{account: c.Audit, title: "审计管理员", role: people.RoleAuditAdmin}}
		if err := c.records(ctx, core, admins); err != nil {
			return err
		}
		for i := range admins {
			a := &admins[i]
			a.password = rand.Text()
			if _, err := core.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: a.account, Password: a.password, Officer: a.officer}); err != nil {
				return err
			}
		}
		return printAdmins(admins)
	})
}

// records makes the district's unit, if there is none, and the three persons.
func (c createAdmins) records(ctx context.Context, core *server.Core, admins []admin) error {
	district := core.Config.District
	var ops []push.ServerOp
	known, err := core.DB.Lookup(ctx, "units", "code", district)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		ops = append(ops, push.ServerOp{Collection: "units", Record: newID(), Action: record.Create,
			Patch: record.Object{"code": district, "name": c.DistrictName, "kind": "district"}})
	}
	for i := range admins {
		a := &admins[i]
		a.officer = newID()
		ops = append(ops, push.ServerOp{Collection: "officers", Record: a.officer, Action: record.Create, Patch: record.Object{
			"name": a.title, "unit": district, "state": people.Active,
			"grants": record.Object{"first": record.Object{"role": string(a.role), "unit": district}}}})
	}
	return core.Push.ApplyOwn(ctx, ops)
}

func printAdmins(admins []admin) error {
	fmt.Println("三个账号已建立，密码只显示这一次 / three accounts were made; their passwords are shown this once:")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tPASSWORD\tROLE")
	for _, a := range admins {
		fmt.Fprintf(table, "%s\t%s\t%s\n", a.account, a.password, a.role)
	}
	return table.Flush()
}

type enrolCode struct {
	Unit string        `required:"" help:"设备所属机构代码 / code of the unit the device belongs to"`
	TTL  time.Duration `default:"24h" help:"有效时间 / how long the code can be used"`
}

func (c enrolCode) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error {
		code, err := core.Sessions.CreateCodeByServer(ctx, c.Unit, c.TTL)
		if err != nil {
			return err
		}
		fmt.Printf("%s\n有效至 / good until %s\n", code.Code, code.ExpiresAt.Local().Format(time.DateTime))
		return nil
	})
}

type newPassword struct {
	Account string `arg:"" help:"登录名 / sign-in name"`
}

func (c newPassword) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error {
		password := rand.Text()
		if err := core.Sessions.ResetPasswordByServer(ctx, c.Account, password); err != nil {
			return err
		}
		fmt.Printf("新密码只显示这一次，该账号的登录已全部注销 / shown this once; all sign-ins of the account have ended:\n%s\n", password)
		return nil
	})
}

type rotateKeys struct{}

func (rotateKeys) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error {
		for _, use := range []string{keyring.Token, keyring.Receipt} {
			if err := core.Keys.Rotate(ctx, use); err != nil {
				return err
			}
			kid, _, err := core.Keys.Signer(ctx, use)
			if err != nil {
				return err
			}
			fmt.Printf("%-8s %s\n", use, kid)
		}
		if err := core.Keys.RotateLedger(ctx); err != nil {
			return err
		}
		keys, err := core.Keys.LedgerKeys(ctx)
		if err == nil {
			fmt.Printf("%-8s %s\n", keyring.Ledger, keys[len(keys)-1].ID)
		}
		return err
	})
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
