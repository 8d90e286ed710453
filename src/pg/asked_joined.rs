//! What a join with the views over visits asks of them: the visitors that the other side names, as a sub-select of its own.
//!
//! The planner notes what a join holds equal before it plans the view. A visit of a visitor whom the other side does not name has no
//! row in the join, so it need not be read. What the other side names is read once more, by `ARRAY(SELECT … LIMIT …)`, before
//! the events are: more of it than the join needs is right, and so is none at all.

use core::ffi::c_void;
use core::ptr::null_mut;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag;

use super::asked::{copy, element, is, is_equality_of_texts_in, length};

/// How many levels further down a query stands in the function's call than beside the view: the call, what takes its rows apart.
const DEEPER: i32 = 3;

/// `ARRAY(SELECT …)` of the visitors that the view is joined with: of `most` at the most. NULL where nothing is known of them.
///
/// # Safety
/// The planner's notes of the query around the view, whose relation is `view` with visitors in the column `column`.
pub unsafe fn visitors(
    around: *mut pg_sys::PlannerInfo,
    view: pg_sys::Index,
    column: i32,
    function: pg_sys::Oid,
    most: i64,
) -> *mut pg_sys::Node {
    // SAFETY: nodes of the planner's.
    unsafe {
        let parse = (*around).parse;
        // Rows that are locked or written may be others than those that are read.
        let command = (*parse).commandType;
        let reads = command == pg_sys::CmdType::CMD_SELECT || command == pg_sys::CmdType::CMD_INSERT;
        if !reads || !(*parse).rowMarks.is_null() {
            return null_mut();
        }
        for i in 0..length((*around).eq_classes) {
            let class: *mut pg_sys::EquivalenceClass = element((*around).eq_classes, i);
            if !is_of_texts(class) {
                continue;
            }
            let list = (*class).ec_members;
            let members = || (0..length(list)).map(move |k| element::<pg_sys::EquivalenceMember>(list, k));
            let Some(own) = members().find(|member| is_column(*member, view, column)) else { continue };
            for other in members() {
                let select = named(around, own, other, function, most);
                if !select.is_null() {
                    return select;
                }
            }
        }
        null_mut()
    }
}

/// Whether a class of equals is one of texts, by their bytes, for whole rows of the join.
unsafe fn is_of_texts(class: *mut pg_sys::EquivalenceClass) -> bool {
    // SAFETY: a node of the planner's.
    unsafe {
        #[cfg(feature = "pg15")]
        if (*class).ec_below_outer_join {
            return false;
        }
        !(*class).ec_has_volatile && is_equality_of_texts_in((*class).ec_opfamilies, (*class).ec_collation)
    }
}

/// The column that a member of a class is, through a change of its type's name.
unsafe fn variable(member: *mut pg_sys::EquivalenceMember) -> Option<*mut pg_sys::Var> {
    // SAFETY: a node of the planner's.
    unsafe {
        #[cfg(feature = "pg15")]
        if !(*member).em_nullable_relids.is_null() {
            return None;
        }
        let mut node: *mut pg_sys::Node = (*member).em_expr.cast();
        if is(node, NodeTag::T_RelabelType) {
            node = (*node.cast::<pg_sys::RelabelType>()).arg.cast();
        }
        let var = node.cast::<pg_sys::Var>();
        let is_own =
            !(*member).em_is_child && is(node, NodeTag::T_Var) && (*var).varlevelsup == 0 && (*var).varattno > 0;
        let mut only = 0;
        (is_own && pg_sys::bms_get_singleton_member((*member).em_relids, &mut only) && only == (*var).varno)
            .then_some(var)
    }
}

unsafe fn is_column(member: *mut pg_sys::EquivalenceMember, view: pg_sys::Index, column: i32) -> bool {
    // SAFETY: a node of the planner's.
    unsafe {
        variable(member)
            .is_some_and(|var| (*var).varno as pg_sys::Index == view && i32::from((*var).varattno) == column)
    }
}

/// The sub-select of what another member of the class says, NULL where it cannot be had.
unsafe fn named(
    around: *mut pg_sys::PlannerInfo,
    own: *mut pg_sys::EquivalenceMember,
    other: *mut pg_sys::EquivalenceMember,
    function: pg_sys::Oid,
    most: i64,
) -> *mut pg_sys::Node {
    // SAFETY: nodes of the planner's; what is made is in its memory.
    unsafe {
        let none = null_mut();
        let Some(var) = variable(other) else { return none };
        #[cfg(not(feature = "pg15"))]
        if (*own).em_jdomain != (*other).em_jdomain {
            return none;
        }
        if own == other || pg_sys::exprType((*other).em_expr.cast()) != pg_sys::TEXTOID {
            return none;
        }
        let index = (*var).varno;
        let (rel, rte) =
            (*(*around).simple_rel_array.add(index as usize), *(*around).simple_rte_array.add(index as usize));
        if rel.is_null() || !(*rel).lateral_relids.is_null() || !can_be_read_twice(rte, function) {
            return none;
        }
        let rte = copy(rte.cast()).cast::<pg_sys::RangeTblEntry>();
        // Who may read it is looked at where it stands itself.
        #[cfg(feature = "pg15")]
        {
            (*rte).requiredPerms = 0;
        }
        #[cfg(not(feature = "pg15"))]
        let permissions = {
            let place = core::mem::take(&mut (*rte).perminfoindex);
            let mut permissions = null_mut();
            if place > 0 {
                let known: *mut pg_sys::RTEPermissionInfo =
                    element((*(*around).parse).rteperminfos, place as usize - 1);
                if known.is_null() {
                    return none;
                }
                let own = copy(known.cast()).cast::<pg_sys::RTEPermissionInfo>();
                (*own).requiredPerms = 0;
                permissions = pg_sys::lappend(permissions, own.cast());
                (*rte).perminfoindex = 1;
            }
            permissions
        };
        let rtable = pg_sys::lappend(null_mut(), rte.cast::<c_void>());
        pg_sys::IncrementVarSublevelsUp_rtable(rtable, DEEPER, 0);

        let mut quals = null_mut();
        for i in 0..length((*rel).baserestrictinfo) {
            let clause = (*element::<pg_sys::RestrictInfo>((*rel).baserestrictinfo, i)).clause.cast::<pg_sys::Node>();
            if is_plain(clause) {
                quals = pg_sys::lappend(quals, moved(clause, index).cast());
            }
        }
        let mut place = pg_sys::RangeTblRef { rtindex: 1, ..Default::default() };
        place.type_ = NodeTag::T_RangeTblRef;
        let from = pg_sys::lappend(null_mut(), copy((&raw mut place).cast()).cast());
        let quals = if quals.is_null() { null_mut() } else { pg_sys::make_ands_explicit(quals).cast() };

        let value = moved((*other).em_expr.cast(), index);
        let target = pg_sys::makeTargetEntry(value.cast(), 1, c"visitor_id".as_ptr().cast_mut(), false);
        let count = pg_sys::Datum::from(most);
        let mut query = pg_sys::Query {
            commandType: pg_sys::CmdType::CMD_SELECT,
            rtable,
            #[cfg(not(feature = "pg15"))]
            rteperminfos: permissions,
            jointree: pg_sys::makeFromExpr(from, quals),
            targetList: pg_sys::lappend(null_mut(), target.cast()),
            limitCount: pg_sys::makeConst(pg_sys::INT8OID, -1, pg_sys::InvalidOid, 8, count, false, true).cast(),
            limitOption: pg_sys::LimitOption::LIMIT_OPTION_COUNT,
            ..Default::default()
        };
        query.type_ = NodeTag::T_Query;
        // Two readings of what is volatile differ.
        if pg_sys::contain_volatile_functions((&raw mut query).cast()) {
            return none;
        }
        let mut link = pg_sys::SubLink {
            subLinkType: pg_sys::SubLinkType::ARRAY_SUBLINK,
            subselect: (&raw mut query).cast(),
            location: -1,
            ..Default::default()
        };
        link.xpr.type_ = NodeTag::T_SubLink;
        copy((&raw mut link).cast())
    }
}

/// Whether a relation of the query may stand in another one, too, and cheaply: not where row-level security orders who looks at
/// its rows first, nor one that TimescaleDB has begun to plan, nor another of our views.
unsafe fn can_be_read_twice(rte: *mut pg_sys::RangeTblEntry, function: pg_sys::Oid) -> bool {
    use pg_sys::RTEKind::{RTE_CTE, RTE_FUNCTION, RTE_RELATION, RTE_SUBQUERY, RTE_VALUES};
    // SAFETY: nodes of the planner's.
    unsafe {
        if (*rte).lateral || !(*rte).securityQuals.is_null() {
            return false;
        }
        match (*rte).rtekind {
            RTE_RELATION => (*rte).tablesample.is_null() && (*rte).ctename.is_null(),
            RTE_SUBQUERY => is_without_views((*rte).subquery, function),
            RTE_CTE => !(*rte).self_reference,
            RTE_VALUES => !pg_sys::contain_subplans((*rte).values_lists.cast()),
            RTE_FUNCTION => !pg_sys::contain_subplans((*rte).functions.cast()),
            _ => false,
        }
    }
}

unsafe fn is_without_views(query: *mut pg_sys::Query, function: pg_sys::Oid) -> bool {
    // SAFETY: a query of the planner's.
    unsafe {
        let calls = |i| {
            let target: *mut pg_sys::TargetEntry = element((*query).targetList, i);
            let call = (*target).expr.cast::<pg_sys::FuncExpr>();
            is(call.cast(), NodeTag::T_FuncExpr) && (*call).funcid == function
        };
        (*query).rowMarks.is_null()
            && !(0..length((*query).targetList)).any(calls)
            && (0..length((*query).rtable)).all(|i| {
                let rte: *mut pg_sys::RangeTblEntry = element((*query).rtable, i);
                (*rte).rtekind != pg_sys::RTEKind::RTE_SUBQUERY || is_without_views((*rte).subquery, function)
            })
    }
}

/// Whether a condition of one relation means the same in another query.
unsafe fn is_plain(clause: *mut pg_sys::Node) -> bool {
    // SAFETY: a node of the planner's.
    unsafe {
        if pg_sys::contain_subplans(clause) || pg_sys::contain_volatile_functions(clause) {
            return false;
        }
        let columns = pg_sys::pull_var_clause(clause, pg_sys::PVC_INCLUDE_PLACEHOLDERS as i32);
        (0..length(columns)).all(|i| is(element(columns, i), NodeTag::T_Var))
    }
}

/// A copy of an expression over one relation, for a query that has no other.
unsafe fn moved(node: *mut pg_sys::Node, index: i32) -> *mut pg_sys::Node {
    // SAFETY: a node of the planner's; the copy is in its memory.
    unsafe {
        let node = copy(node);
        pg_sys::ChangeVarNodes(node, index, 1, 0);
        node
    }
}
