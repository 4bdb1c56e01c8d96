package people

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// deskBasis asks for administrators apart from each other, each with no more than he needs.
const deskBasis = "GB/T 22239-2019 8.1.4"

// OfficerGates judge changes of officers' records. They refuse: it is work at a desk.
func OfficerGates() []record.Gate {
	return []record.Gate{
		{Code: "officer.grants", Basis: deskBasis, Effect: record.Refuse, Judge: grantsAreReadable},
		{Code: "officer.own", Basis: deskBasis, Effect: record.Refuse, Judge: grantsOfOthers},
	}
}

// grantsAreReadable: a grant that cannot be read, or is over what is no unit's code, gives nothing, which whoever wrote it should hear at once.
func grantsAreReadable(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	set, _ := ev.After["grants"].(record.Object)
	had, _ := ev.Before["grants"].(record.Object)
	for _, key := range slices.Sorted(maps.Keys(set)) {
		g, ok := grantOf(set[key])
		bad := fault.New(fault.OfficerUnreadable).At("grants/" + key)
		switch {
		case !ok || !g.To.IsZero() && !g.From.Before(g.To):
			return refusal(bad), nil
		case !wellFormed(g.Unit) && !record.Equal(had[key], set[key]):
			return refusal(bad.Detail("不是机构代码："+g.Unit, "no unit's code: "+g.Unit)), nil
		}
	}
	return nil, nil
}

// grantsOfOthers: nobody gives himself a role.
func grantsOfOthers(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if ev.Op.Record != ev.Op.Author || record.Equal(ev.Before["grants"], ev.After["grants"]) {
		return nil, nil
	}
	return []record.Breach{{Zh: "不得更改本人的角色", En: "nobody may change his own roles", Field: "grants"}}, nil
}

// UnitGates judge changes of units: grants reach by the beginnings of codes, so a wrong code would give or take rights.
func UnitGates() []record.Gate {
	return []record.Gate{{Code: "unit.code", Basis: deskBasis, Effect: record.Refuse, Judge: codeFits}}
}

// codeFits: a unit's code is its own, begins with its parent's, and stays.
func codeFits(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	if ev.After == nil {
		return nil, nil
	}
	bad := fault.New(fault.UnitUnreadable)
	code, _ := ev.After["code"].(string)
	parent, _ := ev.After["parent"].(string)
	switch {
	case !wellFormed(code):
		return refusal(bad.At("code").Detail("机构代码应为6位区划代码，后接部门或街道3位、以下每级2位，用数字或大写字母",
			"a unit's code is six digits of a division, three letters or digits of a department or street, and two for each level below")), nil
	case parent != "" && (code == parent || !Within(code, parent)):
		return refusal(bad.At("code").Detail("机构代码应以上级机构代码开头", "a unit's code begins with its parent's")), nil
	case ev.Before != nil && ev.Before["code"] != ev.After["code"]:
		return refusal(bad.At("code").Detail("机构代码不得更改", "a unit keeps its code")), nil
	case ev.Before != nil:
		return nil, nil
	}
	found, err := facts.Match(ctx, Units.Name, "code", code)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return refusal(bad.At("code").Detail("机构代码已存在："+code, "the code is taken: "+code)), nil
}

// refusal words a fault as a breach.
func refusal(why *fault.Error) []record.Breach {
	return []record.Breach{{Zh: why.Zh, En: why.En, Field: why.Field}}
}
